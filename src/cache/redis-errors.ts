import { ReplyError } from 'ioredis';
import type { RedisAddress, TargetAddress } from '../runtime/config/config.ts';
import { errorMessage, SluiceError } from '../runtime/errors.ts';

/**
 * Which answers of Redis mean what. The rule: an error is permanent only when it is known to be about this one command
 * and to come again every time. Everything else, also what nobody foresaw, counts as "not available" and is repeated:
 * a needless retry is seen at once in the metrics, a lost invalidation never.
 */

/**
 * Codes that tell about the server, the network or the account, wherever they stand: Redis 6 wraps them in script errors. A key that
 * the script itself has just removed is "non local" as long as its slot is moving away.
 */
const ABOUT_THE_SERVER =
  /\b(OOM|READONLY|LOADING|MASTERDOWN|CLUSTERDOWN|MISCONF|NOREPLICAS|NOAUTH|WRONGPASS|NOPERM|NOGOODSLAVE|BUSY|UNKILLABLE|TRYAGAIN|MOVED|ASK|CROSSSLOT|DENIED)\b|non local key|unknown command|can't run this command/i;

/** An error reply of the script for one key that no repetition mends: a value too large, a TTL out of range. */
export function isAboutTheKey(message: string): boolean {
  return /^(ERR|WRONGTYPE)\b/.test(message) && !ABOUT_THE_SERVER.test(message);
}

/** The script itself broke off; which of its keys did it is not known. */
export function isScriptFailure(message: string): boolean {
  return message.includes('user_script') && !ABOUT_THE_SERVER.test(message);
}

/** The server was restarted, its scripts were flushed, or a replica that never saw it was promoted. */
export function isScriptUnknown(message: string): boolean {
  return message.startsWith('NOSCRIPT');
}

/** The connection itself is of no use any more: no answer in time, closed, or the server behind it is now a replica. */
export function spoilsConnection(error: unknown): boolean {
  const isAnswer = error instanceof ReplyError || error instanceof SluiceError;
  return !isAnswer || /\bREADONLY\b/.test(errorMessage(error));
}

/**
 * The text of an error, fit for logs. Never keep the error of the client as a `cause`: it carries the arguments of the
 * command, values and AUTH's password among them, and an "unknown command" reply repeats the first of them.
 */
export function safeMessage(error: unknown): string {
  return errorMessage(error).replace(/,? with args beginning with:.*$/s, '');
}

export function formatAddress(address: TargetAddress): string {
  if ('cluster' in address) return `cluster ${address.cluster.map(formatPlace).join(', ')}`;
  if ('sentinels' in address)
    return `${address.master}/${address.of.database} of ${address.sentinels.map(formatPlace).join(', ')}`;
  return `${formatPlace(address)}/${address.database}`;
}

/** As nodes name each other: IPv6 without brackets. */
export function formatPlace({ host, port }: Pick<RedisAddress, 'host' | 'port'>): string {
  return `${host}:${port}`;
}

/** The other way round. */
export function parsePlace(text: string): { host: string; port: number } {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}

export interface Redirect {
  /** `moved`: the slot belongs to that node. `ask`: it is on its way there, and this key has gone already. */
  readonly kind: 'moved' | 'ask';
  readonly slot: number;
  /** Null: the node does not know its own address, so it is the one that was asked, with another port. */
  readonly host: string | null;
  readonly port: number;
}

/** What a node says that is not the one to ask; null if the answer is none of that kind. */
export function redirectOf(message: string): Redirect | null {
  const [, kind, slot, host = '', port] = /^(MOVED|ASK) (\d+) (.*):(\d+)/.exec(message) ?? [];
  if (kind === undefined) return null;
  const named = host === '' || host === '?' ? null : host;
  return { kind: kind === 'MOVED' ? 'moved' : 'ask', slot: Number(slot), host: named, port: Number(port) };
}

/** The keys of one command are not all on one side of a slot that is moving. */
export function isTryAgain(message: string): boolean {
  return message.startsWith('TRYAGAIN');
}
