import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Invalidation } from '../../../src/model/invalidation.ts';
import { AdminServer, type RulesAdmin } from '../../../src/runtime/admin-server.ts';
import { AuditTrail } from '../../../src/runtime/audit-trail.ts';
import { silentLogger } from '../../../src/runtime/logger.ts';
import { Metrics } from '../../../src/runtime/metrics.ts';
import { notReadyReasons } from '../../../src/runtime/readiness.ts';

const servers: AdminServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const invalidation = (key: string, captureTimeMs: number): Invalidation =>
  ({
    key,
    partitionKey: key,
    action: 'delete',
    rule: 'product',
    origin: { database: 'shop', table: 'products', captureTimeMs },
  }) as Invalidation;

const noRules: RulesAdmin = { describe: () => ({}), reload: () => Promise.resolve(null), notes: () => [] };

const TOKEN = 'token-of-sixteen-characters';

async function start(audit: AuditTrail | null = null, rules: RulesAdmin = noRules) {
  const metrics = new Metrics();
  const server = new AdminServer({
    host: '127.0.0.1',
    port: 0,
    token: TOKEN,
    metrics,
    notReady: () =>
      notReadyReasons(metrics, [
        { gauge: 'sluice_source_connected', labels: { pipeline: 'shop' } },
        { gauge: 'sluice_target_available', labels: { target: 'main' } },
      ]),
    audit,
    rules,
    logger: silentLogger,
  });
  servers.push(server);
  const { port } = await server.listen();
  return { metrics, url: `http://127.0.0.1:${port}` };
}

describe('the admin server', () => {
  it('is alive as soon as it listens, and ready only when every link works', async () => {
    const { metrics, url } = await start();
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    const notReady = await fetch(`${url}/readyz`);
    expect(notReady.status).toBe(503);
    expect(await notReady.json()).toEqual({
      ready: false,
      reasons: ['shop: the source is not connected', 'main: the target does not answer'],
    });
    metrics.set('sluice_source_connected', { pipeline: 'shop' }, 1);
    metrics.set('sluice_target_available', { target: 'main' }, 1);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    metrics.set('sluice_target_available', { target: 'main' }, 0);
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
  });

  it('answers /metrics in the Prometheus format, with gauges refreshed at the scrape', async () => {
    const { metrics, url } = await start();
    metrics.onScrape(() => metrics.set('sluice_in_flight_batches', { pipeline: 'shop' }, 7));
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).toContain('sluice_in_flight_batches{pipeline="shop"} 7');
  });

  it('refuses other methods and unknown paths', async () => {
    const { url } = await start();
    const post = await fetch(`${url}/livez`, { method: 'POST' });
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect((await fetch(`${url}/livez`, { method: 'HEAD' })).status).toBe(200);
    expect((await fetch(`${url}/nothing`)).status).toBe(404);
  });

  it('streams what is applied, filtered, the remembered first when a time is given', async () => {
    const audit = new AuditTrail({ encode: ({ key }) => JSON.stringify({ key }), keepRecords: 3 });
    const { url } = await start(audit);
    void audit.record([invalidation('a:1', 1), invalidation('a:2', 2), invalidation('b:3', 3), invalidation('a:4', 4)]);
    const response = await fetch(`${url}/v1/invalidations?key=a:*&since=2`);
    let text = '';
    const reading = (async () => {
      for await (const chunk of response.body ?? []) text += Buffer.from(chunk as Uint8Array).toString();
    })().catch(() => undefined); // closing the server cuts the stream
    await vi.waitFor(() => expect(text).toBe('{"key":"a:2"}\n{"key":"a:4"}\n'));
    void audit.record([invalidation('b:5', 5), invalidation('a:6', 6)]);
    await vi.waitFor(() => expect(text).toBe('{"key":"a:2"}\n{"key":"a:4"}\n{"key":"a:6"}\n'));
    await servers.splice(0)[0]?.close();
    await reading;
  });

  it.each([
    ['since=abc', '`since`'],
    ['since=', '`since`'],
    ['keys=a', '`keys`'],
    ['key=a&key=b', '`key`'],
  ])('answers a filter that it does not understand (%s) with the reason', async (query, reason) => {
    const audit = new AuditTrail({ encode: ({ key }) => key, keepRecords: 3 });
    const { url } = await start(audit);
    const response = await fetch(`${url}/v1/invalidations?${query}`);
    expect(response.status).toBe(400);
    expect(((await response.json()) as { error: string }).error).toContain(reason);
  });

  it('says where to tail when the process applies nothing', async () => {
    const { url } = await start(null);
    expect((await fetch(`${url}/v1/invalidations`)).status).toBe(404);
  });

  it('shows the rules in force', async () => {
    const { url } = await start(null, { ...noRules, describe: () => ({ hash: 'a', rules: ['product'] }) });
    const response = await fetch(`${url}/v1/rules`);
    expect([response.status, await response.json()]).toEqual([200, { hash: 'a', rules: ['product'] }]);
  });

  const wrong = { file: 'rules.yaml', line: 3, column: 5, message: 'no such filter', remedy: 'Use lower.' };
  it.each([
    [{ outcome: 'swapped', hash: 'b', problems: [] }, 200, { outcome: 'swapped', hash: 'b' }],
    [{ outcome: 'unchanged', hash: 'a', problems: [] }, 200, { outcome: 'unchanged', hash: 'a' }],
    [{ outcome: 'refused', hash: 'a', problems: [wrong] }, 422, { outcome: 'refused', hash: 'a', problems: [wrong] }],
    [null, 409, { error: 'the daemon stops; its next start reads the rules' }],
  ])('answers a reload that gave %j with %i', async (result, status, body) => {
    const { url } = await start(null, { ...noRules, reload: () => Promise.resolve(result) });
    const headers = { authorization: `Bearer ${TOKEN}` };
    const response = await fetch(`${url}/v1/rules/reload`, { method: 'POST', headers });
    expect([response.status, await response.json()]).toEqual([status, body]);
  });

  it('reloads on POST only: a look must not change anything', async () => {
    const reload = vi.fn(() => Promise.resolve(null));
    const { url } = await start(null, { ...noRules, reload });
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const response = await fetch(`${url}/v1/rules/reload`, { method });
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
    }
    expect(reload).not.toHaveBeenCalled();
  });

  it('stays ready with the old rules while the files are refused, and says so', async () => {
    const { metrics, url } = await start(null, { ...noRules, notes: () => ['the rule files are refused'] });
    metrics.set('sluice_source_connected', { pipeline: 'shop' }, 1);
    metrics.set('sluice_target_available', { target: 'main' }, 1);
    const response = await fetch(`${url}/readyz`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ ready: true, reasons: [], notes: ['the rule files are refused'] });
  });
});
