import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { AdminServer, type AdminServerOptions } from '../../../src/runtime/admin-server.ts';
import { AuditTrail } from '../../../src/runtime/audit-trail.ts';
import { silentLogger } from '../../../src/runtime/logger.ts';
import { Metrics } from '../../../src/runtime/metrics.ts';

const TOKEN = 'token-of-sixteen-characters';

async function start(more: Partial<AdminServerOptions> = {}) {
  const reload = vi.fn(() => Promise.resolve({ outcome: 'swapped', hash: 'b', problems: [] }));
  const server = new AdminServer({
    host: '127.0.0.1',
    port: 0,
    token: TOKEN,
    metrics: new Metrics(),
    notReady: () => Promise.resolve([]),
    audit: null,
    rules: { describe: () => ({}), reload, notes: () => [] },
    logger: silentLogger,
    ...more,
  });
  onTestFinished(() => server.close());
  const { port } = await server.listen();
  return { reload, port, url: `http://127.0.0.1:${port}` };
}

const reloadAt = (url: string, authorization?: string): Promise<Response> =>
  fetch(`${url}/v1/rules/reload`, { method: 'POST', headers: authorization === undefined ? {} : { authorization } });

/** A connection that says `text` and nothing more; resolves with all that came back when it is closed. */
function speak(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
  });
}

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}

describe('a request that changes something', () => {
  it.each(['Bearer token-of-sixteen-characters', 'bearer  token-of-sixteen-characters'])(
    'is answered with the token: %s',
    async (authorization) => {
      const { url, reload } = await start();
      expect((await reloadAt(url, authorization)).status).toBe(200);
      expect(reload).toHaveBeenCalledTimes(1);
    },
  );

  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer token-of-sixteen-character',
    'Bearer token-of-sixteen-characters2',
    'Bearer TOKEN-OF-SIXTEEN-CHARACTERS',
    'Basic token-of-sixteen-characters',
    'token-of-sixteen-characters',
  ])('is refused without it, and the answer does not repeat it: %s', async (authorization) => {
    const { url, reload } = await start();
    const response = await reloadAt(url, authorization);
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="sluice"']);
    expect(await response.text()).not.toContain('sixteen');
    expect(reload).not.toHaveBeenCalled();
  });

  it('is refused with the remedy where no token is configured, whatever it carries', async () => {
    const { url, reload } = await start({ token: null });
    for (const authorization of [undefined, 'Bearer null', 'Bearer ', `Bearer ${TOKEN}`]) {
      const response = await reloadAt(url, authorization);
      expect(response.status).toBe(403);
      expect(await response.json()).toEqual({
        error: 'this changes something, and no `admin.token` is configured; set one (SLUICE_ADMIN_TOKEN) and restart',
      });
    }
    expect(reload).not.toHaveBeenCalled();
  });

  it('is told from one that only looks: that needs no token', async () => {
    const { url } = await start({ token: null });
    for (const route of ['/livez', '/readyz', '/metrics', '/v1/rules']) {
      expect((await fetch(url + route)).status).toBe(200);
    }
  });
});

describe('the admin server and strangers', () => {
  it('hangs up on whoever sends the headers drop by drop', async () => {
    const { port } = await start({ limits: { headersTimeoutMs: 100 } });
    expect(await speak(port, 'GET /livez HTTP/1.1\r\nx: ')).toMatch(/^HTTP\/1.1 408 /);
  });

  it('refuses headers without end', async () => {
    const { port } = await start();
    expect(await speak(port, `GET /livez HTTP/1.1\r\nx: ${'x'.repeat(20_000)}`)).toMatch(/^HTTP\/1.1 431 /);
  });

  it('waits for no large body, and for none of unknown length', async () => {
    const { port } = await start();
    const post = 'POST /v1/rules/reload HTTP/1.1\r\nhost: a\r\n';
    expect(await speak(port, `${post}content-length: 99999999\r\n\r\n`)).toMatch(/^HTTP\/1.1 413 /);
    expect(await speak(port, `${post}transfer-encoding: chunked\r\n\r\n`)).toMatch(/^HTTP\/1.1 411 /);
  });

  it('hangs up on a body that does not come', async () => {
    const { port } = await start({ limits: { headersTimeoutMs: 100 } });
    const post = `POST /v1/rules/reload HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${TOKEN}\r\ncontent-length: 9\r\n\r\n`;
    expect(await speak(port, post)).toMatch(/^HTTP\/1.1 200 /);
  });

  it('has a last place: more connections are closed at once, and room comes back', async () => {
    const { port, url } = await start({ limits: { maxConnections: 2 } });
    const held = [await connected(port), await connected(port)];
    expect(await speak(port, 'GET /livez HTTP/1.1\r\nhost: a\r\n\r\n')).toBe('');
    held.forEach((socket) => socket.destroy());
    await vi.waitFor(async () => expect((await fetch(`${url}/livez`)).status).toBe(200));
  });

  it('keeps room for probes beside those that follow what is applied', async () => {
    const audit = new AuditTrail({ encode: ({ key }) => key, keepRecords: 3 });
    const { url } = await start({ audit, limits: { maxTails: 1 } });
    const follow = request(`${url}/v1/invalidations`).end();
    onTestFinished(() => void follow.destroy());
    follow.on('error', () => undefined);
    await new Promise((resolve) => follow.once('response', resolve));
    expect((await fetch(`${url}/v1/invalidations`)).status).toBe(503);
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    follow.destroy();
    await vi.waitFor(async () => {
      const stop = new AbortController();
      const response = await fetch(`${url}/v1/invalidations`, { signal: stop.signal });
      stop.abort();
      expect(response.status).toBe(200);
    });
  });
});
