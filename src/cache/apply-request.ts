import type { CacheCommand } from '../ports.ts';
import { keySlot } from './key-slot.ts';
import type { VersionKeys } from './version-keys.ts';

/**
 * What one round trip is made of. `places` are the indices of the commands, so that answers find their way back.
 * Plain deletes need no script: repeating or reordering them changes nothing.
 */
export type ApplyRequest = UnlinkRequest | ScriptRequest;

/** Where it goes, and for whom. */
interface Route {
  readonly places: readonly number[];
  /** The cluster slot of all its keys; null: the server is the only one. */
  readonly slot: number | null;
  /** The slot is on its way: only this once another node (`host:port`) is asked. */
  readonly askAt?: string;
}

export interface UnlinkRequest extends Route {
  readonly kind: 'unlink';
  readonly keys: readonly string[];
}

export interface ScriptRequest extends Route {
  readonly kind: 'script';
  /** KEYS and ARGV of apply-versioned.lua. */
  readonly keys: readonly string[];
  readonly args: readonly string[];
}

/** While one command runs Redis serves nobody else: these keep each well below a millisecond. */
const KEYS_PER_UNLINK = 500;
const COMMANDS_PER_SCRIPT = 200;
/** Counted in UTF-16 units, so roughly bytes. One value may be larger: it then travels alone. */
const VALUES_PER_SCRIPT = 256 * 1024;

export interface RequestOptions {
  readonly versionKeys: VersionKeys;
  readonly versionTtlMs: number;
  /** In a cluster no command has keys of two slots. */
  readonly clustered: boolean;
}

/** Groups commands for distinct keys; their order does not matter. */
export function buildRequests(commands: readonly CacheCommand[], options: RequestOptions): ApplyRequest[] {
  const builders = new Map<number | null, SlotBuilder>();
  let builder: SlotBuilder | undefined;
  let place = 0;
  for (const command of commands) {
    const slot = options.clustered ? keySlot(command.key) : null;
    if (builder?.slot !== slot) builder = builders.get(slot);
    if (builder === undefined) builders.set(slot, (builder = new SlotBuilder(slot, options)));
    builder.add(place++, command);
  }
  return [...builders.values()].flatMap(({ requests }) => requests);
}

class SlotBuilder {
  readonly requests: ApplyRequest[] = [];
  readonly slot: number | null;
  readonly #options: RequestOptions;
  #unlink: { readonly places: number[]; readonly keys: string[] } | undefined;
  #script: ScriptBuilder | undefined;

  constructor(slot: number | null, options: RequestOptions) {
    this.slot = slot;
    this.#options = options;
  }

  add(place: number, command: CacheCommand): void {
    if (command.kind === 'delete' && !command.versioned) this.#unlinkKey(place, command.key);
    else this.#openScript().add(place, command, this.#options.versionKeys.of(command.key));
  }

  #unlinkKey(place: number, key: string): void {
    if (this.#unlink === undefined || this.#unlink.keys.length === KEYS_PER_UNLINK) {
      this.#unlink = { places: [], keys: [] };
      this.requests.push({ kind: 'unlink', slot: this.slot, ...this.#unlink });
    }
    this.#unlink.places.push(place);
    this.#unlink.keys.push(key);
  }

  #openScript(): ScriptBuilder {
    if (this.#script === undefined || this.#script.isFull) {
      this.#script = new ScriptBuilder(this.slot, this.#options.versionTtlMs);
      this.requests.push(this.#script);
    }
    return this.#script;
  }
}

/** The same commands, each in a request of its own. */
export function splitRequest(request: ApplyRequest): ApplyRequest[] {
  return request.kind === 'unlink' ? splitUnlink(request) : splitScript(request);
}

function splitUnlink({ slot, places, keys }: UnlinkRequest): UnlinkRequest[] {
  return places.map((place, index) => ({ kind: 'unlink', slot, places: [place], keys: keys.slice(index, index + 1) }));
}

function splitScript(request: ScriptRequest): ScriptRequest[] {
  const { slot } = request;
  const [versionTtl = ''] = request.args;
  let at = 1;
  return request.places.map((place, index) => {
    const end = at + 4 + Number(request.args[at + 3]);
    const args = [versionTtl, ...request.args.slice(at, end)];
    at = end;
    return { kind: 'script', slot, places: [place], keys: request.keys.slice(index * 2, index * 2 + 2), args };
  });
}

class ScriptBuilder implements ScriptRequest {
  readonly kind = 'script';
  readonly slot: number | null;
  readonly places: number[] = [];
  readonly keys: string[] = [];
  readonly args: string[];
  #size = 0;

  constructor(slot: number | null, versionTtlMs: number) {
    this.slot = slot;
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
