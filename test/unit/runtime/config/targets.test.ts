import { describe, expect, it } from 'vitest';
import { MINIMAL, load, problemsOf, rawProblems } from './load-support.ts';

const withTarget = (target: string): string =>
  `${MINIMAL.replace(/^targets:.*\n/m, '')}targets: [{name: main, ${target}}]\n`;
const addressOf = (target: string, files: Record<string, string> = {}) =>
  load({ text: withTarget(target), files }).config.targets[0]?.address;

describe('a target', () => {
  it('may be a cluster, with one login and one TLS for all nodes', () => {
    const shared = { username: 'u', password: 'p', database: 0 };
    const login = 'username: u, password: p';
    expect(addressOf(`cluster: {nodes: ['a:7000', b, 'redis://c:7002', '[::1]:7003']}, ${login}`)).toEqual({
      cluster: [
        { host: 'a', port: 7000, ...shared, tls: null },
        { host: 'b', port: 6379, ...shared, tls: null },
        { host: 'c', port: 7002, ...shared, tls: null },
        { host: '::1', port: 7003, ...shared, tls: null },
      ],
    });
    const tls = { ca: 'CA', cert: null, key: null, verify: true };
    const files = { '/etc/sluice/ca.pem': 'CA' };
    expect(addressOf("cluster: {nodes: ['a:1']}, tls: {ca: ca.pem}", files)).toMatchObject({ cluster: [{ tls }] });
    // TLS for one is TLS for all: nodes announce addresses without a scheme.
    expect(addressOf("cluster: {nodes: ['rediss://a', 'b:1']}")).toMatchObject({
      cluster: [{ tls: { verify: true } }, { tls: { verify: true } }],
    });
  });

  it('may be a master behind sentinels, whose login is another', () => {
    const text =
      "sentinel: {master: mymaster, nodes: ['a', 'b:26380'], password: s, database: 3}, username: u, password: p";
    expect(addressOf(text)).toEqual({
      sentinels: [
        { host: 'a', port: 26379, username: null, password: 's', database: 0, tls: null },
        { host: 'b', port: 26380, username: null, password: 's', database: 0, tls: null },
      ],
      master: 'mymaster',
      of: { username: 'u', password: 'p', database: 3, tls: null },
    });
  });

  it('waits for as many replicas as it is told', () => {
    const { config } = load({ text: withTarget("url: 'redis://a', wait_replicas: 2") });
    expect(config.targets[0]?.waitReplicas).toBe(2);
    expect(load({ text: MINIMAL }).config.targets[0]?.waitReplicas).toBe(0);
  });

  it.each([
    ['', '`targets[0].url` is missing'],
    ["url: 'redis://a', cluster: {nodes: ['a:1']}", '`cluster` beside `url`'],
    ["cluster: {nodes: ['a:1']}, sentinel: {master: m, nodes: ['a:1']}", '`sentinel` beside `cluster`'],
    ['cluster: {nodes: []}', '`targets[0].cluster.nodes`: at least one node is needed'],
    ["cluster: {nodes: ['redis://u:hunter2@a:1']}", '`targets[0].cluster.nodes[0]`: a node has no login of its own'],
    ["cluster: {nodes: ['redis://a:1/3']}", '`targets[0].cluster.nodes[0]`: a node has no database of its own'],
    ["cluster: {nodes: ['http://a:1']}", '`targets[0].cluster.nodes[0]`: a URL of another kind'],
    ["cluster: {nodes: ['a b']}", '`targets[0].cluster.nodes[0]`: neither host:port nor a URL'],
    ["sentinel: {nodes: ['a:1']}", '`targets[0].sentinel.master` is missing'],
    ['sentinel: {master: m}', '`targets[0].sentinel.nodes` is missing'],
    ["cluster: {nods: ['a:1']}", 'unknown option `targets[0].cluster.nods`'],
  ])('is refused with a place and a reason: %s', (target, message) => {
    const problems = problemsOf({ text: withTarget(target) });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(message);
    expect(problems[0]).toMatch(/^\d+:\d+ /);
    expect(JSON.stringify(rawProblems({ text: withTarget(target) }))).not.toContain('hunter2');
  });

  it('that is no single server cannot keep the checkpoint', () => {
    const text = `${withTarget("cluster: {nodes: ['a:1']}")}checkpoint: {store: redis`;
    expect(problemsOf({ text: `${text}}` })).toEqual([
      expect.stringContaining(
        '`checkpoint.store: redis` needs a single server, and the first target is none',
      ) as string,
    ]);
    expect(load({ text: `${text}, url: 'redis://c'}` }).config.checkpoint).toMatchObject({ address: { host: 'c' } });
  });
});
