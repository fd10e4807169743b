import { ensureServices, SERVICE_NAMES } from '../../deploy/local/services.ts';

/** vitest's globalSetup of the projects that talk to real servers. A server that cannot be had is an error, not a skip. */
export default async function setup(): Promise<void> {
  await ensureServices(SERVICE_NAMES, (line) => process.stderr.write(`${line}\n`));
}
