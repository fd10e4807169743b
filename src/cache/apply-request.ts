import type { CacheCommand } from '../ports.ts';
import type { VersionKeys } from './version-keys.ts';

/**
 * What one round trip is made of. `places` are the indices of the commands, so that answers find their way back.
 * Plain deletes need no script: repeating or reordering them changes nothing.
 */
export type ApplyRequest = UnlinkRequest | ScriptRequest;

export interface UnlinkRequest {
  readonly kind: 'unlink';
  readonly keys: readonly string[];
}

export interface ScriptRequest {
  readonly kind: 'script';
  readonly places: readonly number[];
  /** KEYS and ARGV of apply-versioned.lua. */
  readonly keys: readonly string[];
  readonly args: readonly string[];
}

/** While one command runs Redis serves nobody else: these keep each well below a millisecond. */
const KEYS_PER_UNLINK = 500;
const COMMANDS_PER_SCRIPT = 200;
/** Counted in UTF-16 units, so roughly bytes. One value may be larger: it then travels alone. */
const VALUES_PER_SCRIPT = 256 * 1024;

/** Groups commands for distinct keys; their order does not matter. */
export function buildRequests(
  commands: readonly CacheCommand[],
  versionKeys: VersionKeys,
  versionTtlMs: number,
): ApplyRequest[] {
  const requests: ApplyRequest[] = [];
  let unlink: string[] = [];
  let script = new ScriptBuilder(versionTtlMs);
  for (const [place, command] of commands.entries()) {
    if (command.kind === 'delete' && !command.versioned) {
      if (unlink.length === KEYS_PER_UNLINK) unlink = [];
      if (unlink.length === 0) requests.push({ kind: 'unlink', keys: unlink });
      unlink.push(command.key);
    } else {
      if (script.isFull) script = new ScriptBuilder(versionTtlMs);
      if (script.places.length === 0) requests.push(script);
      script.add(place, command, versionKeys.of(command.key));
    }
  }
  return requests;
}

/** The same commands, each in a script of its own: to find out which of them makes the script fail. */
export function splitScript(request: ScriptRequest): ScriptRequest[] {
  const [versionTtl = ''] = request.args;
  let at = 1;
  return request.places.map((place, index) => {
    const end = at + 4 + Number(request.args[at + 3]);
    const args = [versionTtl, ...request.args.slice(at, end)];
    at = end;
    return { kind: 'script', places: [place], keys: request.keys.slice(index * 2, index * 2 + 2), args };
  });
}

class ScriptBuilder implements ScriptRequest {
  readonly kind = 'script';
  readonly places: number[] = [];
  readonly keys: string[] = [];
  readonly args: string[];
  #size = 0;

  constructor(versionTtlMs: number) {
    this.args = [String(versionTtlMs)];
  }

  get isFull(): boolean {
    return this.places.length >= COMMANDS_PER_SCRIPT || this.#size >= VALUES_PER_SCRIPT;
  }

  add(place: number, command: CacheCommand, versionKey: string): void {
    this.places.push(place);
    this.keys.push(command.key, versionKey);
    const version = String(command.version);
    if (command.kind === 'delete') {
      this.args.push(version, 'delete', '0', '0');
      return;
    }
    const { value } = command;
    const ttlMs = command.ttlMs === null ? '0' : String(command.ttlMs);
    if (typeof value === 'string') {
      this.args.push(version, 'string', ttlMs, '1', value);
      this.#size += value.length;
      return;
    }
    const fields = Object.entries(value);
    this.args.push(version, 'hash', ttlMs, String(fields.length * 2));
    for (const [name, content] of fields) {
      this.args.push(name, content);
      this.#size += name.length + content.length;
    }
  }
}
