import type { Redis } from 'ioredis';
import type { Problem } from '../runtime/errors.ts';
import { APPLY_SCRIPT, FLUSH_SCRIPT } from './lua-script.ts';
import { isScriptUnknown, isTryAgain, redirectOf, safeMessage } from './redis-errors.ts';

interface Probe {
  /** As ACL SETUSER writes it. */
  readonly name: string;
  readonly run: (client: Redis, key: string) => Promise<unknown>;
}

/** Every command that applying and flushing need, in the mildest form; those of the scripts too, as they run with the same account. */
const PROBES: readonly Probe[] = [
  { name: 'ping', run: (client) => client.ping() },
  { name: 'set', run: (client, key) => client.set(key, '1', 'PX', 1000) },
  { name: 'mget', run: (client, key) => client.mget(key) },
  { name: 'hset', run: (client, key) => client.hset(`${key}:hash`, 'field', '1') },
  { name: 'pexpire', run: (client, key) => client.pexpire(`${key}:hash`, 1000) },
  { name: 'unlink', run: (client, key) => client.unlink(key) },
  {
    name: 'script|load',
    run: (client) => Promise.all([APPLY_SCRIPT, FLUSH_SCRIPT].map((script) => script.load(client))),
  },
  { name: 'evalsha', run: runApplyScript },
  { name: 'evalsha', run: runFlushScript },
  { name: 'scan', run: (client, key) => client.scan('0', 'MATCH', key, 'COUNT', 1) },
];

export interface ProbeOptions {
  readonly key: string;
  readonly user: string;
  /** Of the cache, each as one rule gives it; none of them is there. */
  readonly sampleKeys?: readonly string[];
}

/** Tries what Sluice will do on a key of its own, and says what is refused: commands together, other reasons once each. */
export async function probeCommands(client: Redis, { key, user, sampleKeys = [] }: ProbeOptions): Promise<Problem[]> {
  const forbidden = new Set<string>();
  const others = new Map<string, Problem>();
  for (const { name, run } of PROBES) {
    const reason = await run(client, key).then(() => null, safeMessage);
    // A slot that is moving: it is asked of another node, but only of an account that may.
    if (reason === null || isScriptUnknown(reason) || redirectOf(reason) !== null || isTryAgain(reason)) continue;
    // A script stumbles over the command that was refused by itself already.
    if (forbidden.size > 0 && /can't run this command|ACL failure in script/i.test(reason)) continue;
    if (reason.startsWith('NOPERM') && !/\bkeys?\b/i.test(reason)) forbidden.add(name);
    else {
      const problem = refusal(reason, name, user);
      others.set(problem.remedy, problem);
    }
  }
  // May fail where the commands above did; the expiry then does it.
  await client.unlink(key, `${key}:hash`, `${key}:version`).catch(() => undefined);
  const foreign = forbidden.has('unlink') ? [] : await foreignKeys(client, sampleKeys, user);
  return [...(forbidden.size > 0 ? [forbiddenCommands([...forbidden], user)] : []), ...others.values(), ...foreign];
}

/** A key of the cache that may not be touched stays stale for ever. In a cluster a key of another node is not tried: MOVED. */
async function foreignKeys(client: Redis, sampleKeys: readonly string[], user: string): Promise<Problem[]> {
  const reasons = await Promise.all(
    [...new Set(sampleKeys)].map(async (key) => [key, await client.unlink(key).then(() => '', safeMessage)] as const),
  );
  const refused = reasons.filter(([, reason]) => reason.startsWith('NOPERM')).map(([key]) => key);
  if (refused.length === 0) return [];
  return [
    {
      message: `does not let user ${user} remove keys such as ${refused.map((key) => `\`${key}\``).join(', ')}`,
      remedy: `ACL SETUSER ${user} ~… for every pattern of the cache's keys; docs/security.md has the whole list.`,
    },
  ];
}

/** The script answers with a list of outcomes; a text in it is the error of a command inside. */
async function runApplyScript(client: Redis, key: string): Promise<void> {
  const versionKey = `${key}:version`;
  const reply = await client.evalsha(APPLY_SCRIPT.sha, 2, key, versionKey, '1000', '1', 'delete', '0', '0');
  const [outcome] = Array.isArray(reply) ? (reply as unknown[]) : [];
  if (typeof outcome === 'string') throw new Error(outcome);
}

function runFlushScript(client: Redis, key: string): Promise<unknown> {
  return client.evalsha(FLUSH_SCRIPT.sha, 2, key, `${key}:version`, '1000', '1');
}

function forbiddenCommands(names: readonly string[], user: string): Problem {
  return {
    message: `does not let user ${user} run ${names.map((name) => name.toUpperCase().replace('|', ' ')).join(', ')}`,
    remedy: `ACL SETUSER ${user} ${names.map((name) => `+${name}`).join(' ')}`,
  };
}

function refusal(reason: string, command: string, user: string): Problem {
  if (reason.startsWith('NOPERM')) {
    return {
      message: `does not let user ${user} use the keys that Sluice keeps beside the cache`,
      remedy: `ACL SETUSER ${user} ~sluice:*`,
    };
  }
  if (/unknown command/i.test(reason)) {
    return {
      message: `has no command ${command.toUpperCase()}`,
      remedy: 'Do not rename or disable the commands Sluice needs.',
    };
  }
  if (/\bOOM\b/.test(reason)) {
    return {
      message: 'refuses writes because its memory is full',
      remedy: 'Raise `maxmemory`, or set a `maxmemory-policy` that evicts.',
      temporary: true,
    };
  }
  return {
    message: `refuses ${command.toUpperCase()}: ${reason}`,
    remedy: 'The reason is the server’s own; look at its log.',
    ...(/^(CLUSTERDOWN|MASTERDOWN|LOADING)\b/.test(reason) ? { temporary: true } : {}),
  };
}
