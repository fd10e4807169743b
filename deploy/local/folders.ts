/** Where things are kept: state beside the checkout, programs outside it so that a fresh clone is quick. */
import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const checkout = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** Data folders, logs, process ids and ports of this checkout's services; ignored by git. */
export const stateFolder = join(checkout, '.services');

/** Tells two checkouts on one machine apart where names are global, as Docker's container names are. */
export const checkoutId = createHash('sha256').update(checkout).digest('hex').slice(0, 10);

export const isRoot = process.getuid?.() === 0;

/** Unpacked programs and initialised data folders; shared by all checkouts of one account. */
export function cacheFolder(): string {
  const chosen = process.env['SLUICE_SERVICES_CACHE'];
  if (chosen) return resolve(chosen);
  if (isRoot) return '/var/cache/sluice-services';
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'sluice-services');
}
