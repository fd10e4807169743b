/**
 * Free ports of the loopback interface.
 *
 * They are taken below the range from which the kernel hands out the local ports of outgoing connections
 * (32768 and up on Linux). From inside that range, a server that is down for a moment during a restart test may
 * find its port taken by some client's connection. They also leave room for a Redis cluster's second port at +10000.
 */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

const handedOut = new Set<number>();

export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = randomInt(20_000, 32_000);
    // A server needs a moment before it listens; until then the port looks free to the next caller.
    if (handedOut.has(port) || !(await isFree(port))) continue;
    handedOut.add(port);
    return port;
  }
  throw new Error('no free port between 20000 and 32000 on 127.0.0.1');
}

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
