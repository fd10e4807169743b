import { createServer } from 'mysql2';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { preflightQueries } from '../../../src/source/preflight-queries.ts';

/** Lets everybody in and answers nothing: what a link looks like that goes half-open just then. */
async function silentServer(): Promise<number> {
  const server = createServer((connection) => {
    for (const event of ['error', 'query', 'stmt_prepare']) connection.on(event, () => undefined);
    connection.serverHandshake({
      protocolVersion: 10,
      serverVersion: '9.7.0',
      connectionId: 1,
      statusFlags: 2,
      characterSet: 45,
      capabilityFlags: 0xf7ff,
      authCallback: (_params: unknown, done: (error: null) => void) => done(null),
    });
  });
  server.listen(0);
  const { _server: listening } = server as unknown as { _server: NodeJS.EventEmitter & { address(): AddressInfo } };
  await once(listening, 'listening');
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
  return listening.address().port;
}

describe('the check of a refresh query that the server does not answer', () => {
  it('ends with a problem when time is up', async () => {
    const port = await silentServer();
    const address = { host: '127.0.0.1', port, user: 'anybody', password: '', database: null, tls: null };
    const query = { rule: 'card', sql: 'SELECT 1', database: 'shop' };
    const problems = await preflightQueries({ address, section: 'read', timeoutMs: 300, queries: [query] });
    expect(problems.map(({ message }) => message).join()).toContain('ETIMEDOUT: no answer within 300 ms');
  }, 10_000);
});
