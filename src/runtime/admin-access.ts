import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Why a request is not answered, as it is told to whoever sent it. */
export interface Refusal {
  readonly status: number;
  readonly error: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Who may change something. Without a configured token nobody: the port may be reachable by more people than the
 * operator thinks of, and "changes nothing" is what they were promised when there was no token yet.
 */
export function mayChange(token: string | null, { headers }: IncomingMessage): Refusal | null {
  if (token === null) {
    return {
      status: 403,
      error: 'this changes something, and no `admin.token` is configured; set one (SLUICE_ADMIN_TOKEN) and restart',
    };
  }
  const given = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
  if (given !== undefined && isSame(given, token)) return null;
  return {
    status: 401,
    error: 'this changes something: send `Authorization: Bearer …` with the `admin.token` of the daemon',
    headers: { 'www-authenticate': 'Bearer realm="sluice"' },
  };
}

/** Takes as long for a wrong text as for the right one, of whatever length: nobody finds it out letter by letter. */
function isSame(given: string, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}

const MAX_BODY_BYTES = 64 * 1024;

/** No route reads a body. A short one is passed over; what is longer, or does not say how long it is, is not waited for. */
export function bodyRefusal({ headers }: IncomingMessage): Refusal | null {
  const close = { connection: 'close' };
  if (headers['transfer-encoding'] !== undefined) {
    return { status: 411, error: 'a body must say how long it is', headers: close };
  }
  if (Number(headers['content-length'] ?? 0) <= MAX_BODY_BYTES) return null;
  return { status: 413, error: `a body has at most ${MAX_BODY_BYTES} bytes`, headers: close };
}
