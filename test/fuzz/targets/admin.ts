import { connect, type Socket } from 'node:net';
import { AdminServer } from '../../../src/runtime/admin-server.ts';
import { AuditTrail } from '../../../src/runtime/audit-trail.ts';
import { silentLogger } from '../../../src/runtime/logger.ts';
import { Metrics } from '../../../src/runtime/metrics.ts';
import { mutated, type Target } from '../target.ts';

const request = (line: string, ...headers: string[]): Buffer =>
  Buffer.from([line, 'Host: admin', ...headers, '', ''].join('\r\n'));

const CORPUS = [
  request('GET /livez HTTP/1.1'),
  request('GET /readyz HTTP/1.1', 'Accept: */*'),
  request('HEAD /metrics HTTP/1.1'),
  request('GET /v1/rules HTTP/1.1'),
  request('GET /v1/invalidations?key=product:*&rule=a&since=1h HTTP/1.1'),
  request('POST /v1/rules/reload HTTP/1.1', 'Authorization: Bearer a-wrong-token-of-others', 'Content-Length: 0'),
  request('POST /v1/rules/reload HTTP/1.1', 'Content-Length: 5').toString() + 'hello',
  request('POST /livez HTTP/1.1', 'Transfer-Encoding: chunked').toString() + '5\r\nhello\r\n0\r\n\r\n',
  request('DELETE //../%00%ff?%zz=[&a=b#c HTTP/1.1', 'Connection: upgrade', 'Upgrade: websocket'),
  request('GET http://[::1]:99999/livez HTTP/1.0', `X-Long: ${'x'.repeat(17_000)}`),
  request('OPTIONS * HTTP/1.1', 'Expect: 100-continue', 'Content-Length: 99999999999'),
].map((bytes) => Buffer.from(bytes));

/** How long an unfinished request is waited for before the connection is given up: it is the server that must not wait for ever. */
const UNFINISHED_MS = 4;
const CHECK_EVERY = 500;

/** Bytes on the socket of the admin server. A connection is used again for as long as the server keeps it. */
export async function adminTarget(): Promise<Target> {
  let reloads = 0;
  const server = new AdminServer({
    host: '127.0.0.1',
    port: 0,
    token: 'a-token-that-nobody-has-sent',
    metrics: new Metrics(),
    notReady: () => Promise.resolve([]),
    audit: new AuditTrail({ encode: () => '{}', keepRecords: 1 }),
    rules: { describe: () => ({}), reload: () => Promise.resolve((reloads++, null)), notes: () => [] },
    logger: silentLogger,
    limits: { headersTimeoutMs: 1_000 },
  });
  const { port } = await server.listen();
  let socket: Socket | null = null;
  let inputs = 0;
  return {
    name: 'admin server',
    share: 0.8,
    make: (random) => [mutated(CORPUS, random)],
    run: async ([bytes]) => {
      if (socket === null || socket.destroyed) socket = await opened(port);
      const outcome = await sent(socket, bytes ?? Buffer.alloc(0));
      if (reloads > 0) throw new Error('the rules were reloaded without the token');
      if (++inputs % CHECK_EVERY === 0) await mustLive(port);
      return outcome;
    },
    close: async () => {
      socket?.destroy();
      await mustLive(port);
      await server.close();
    },
  };
}

async function opened(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => socket.destroy());
  await new Promise<void>((resolve) => {
    socket.once('connect', resolve);
    socket.once('close', () => resolve());
  });
  return socket;
}

/** The status, `closed`, or `unfinished`. */
function sent(socket: Socket, bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const done = (outcome: string): void => {
      clearTimeout(timer);
      socket.removeAllListeners('data').removeAllListeners('close');
      // A stream that was opened, or half of a request, would swallow the next one.
      if (outcome !== '404' && outcome !== '405' && outcome !== '403' && outcome !== '401') socket.destroy();
      resolve(outcome);
    };
    const timer = setTimeout(() => done('unfinished'), UNFINISHED_MS);
    socket.once('data', (answer: Buffer) =>
      done(/^HTTP\/1\.1 (\d{3})/.exec(answer.toString('latin1'))?.[1] ?? 'noise'),
    );
    socket.once('close', () => done('closed'));
    socket.write(bytes);
  });
}

async function mustLive(port: number): Promise<void> {
  const { status } = await fetch(`http://127.0.0.1:${port}/livez`, { signal: AbortSignal.timeout(5_000) });
  if (status !== 200) throw new Error(`the admin server answers ${status} to /livez`);
}
