import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../../../src/runtime/errors.ts';
import { loadConfigFile } from '../../../../src/runtime/config/load.ts';
import { MINIMAL, load, problemsOf, rawProblems } from './load-support.ts';

describe('a configuration', () => {
  it('needs only rules, a source and a target', () => {
    const { config, warnings } = load({ text: MINIMAL });
    expect(warnings).toEqual([]);
    expect(config).toMatchObject({
      name: 'sluice',
      rules: ['/etc/sluice/rules.yaml'],
      source: { address: { host: 'db', port: 3306, user: 'sluice', password: 'secret', database: 'shop', tls: null } },
      targets: [{ name: 'main', address: { host: 'cache', database: 1, tls: null }, commandTimeoutMs: 5000 }],
      transport: { kind: 'in_process', partitions: 8, maxInFlightBytes: 67_108_864 },
      checkpoint: { store: 'file', path: '/etc/sluice/state/checkpoint.json' },
      deadLetters: { kind: 'file', path: '/etc/sluice/state/dead-letters.jsonl' },
      audit: null,
    });
    expect(config.read.address).toEqual(config.source.address);
  });

  it('derives topics and groups from the name', () => {
    const { config } = load({
      text: `name: shop\n${MINIMAL}transport: {kind: kafka, brokers: ['k:9092']}\ncheckpoint: {store: kafka}\n`,
    });
    expect(config.transport).toMatchObject({ topic: 'sluice.shop', group: 'sluice-shop', clientId: 'sluice-shop' });
    expect(config.checkpoint).toMatchObject({ topic: 'sluice.shop.checkpoints' });
    const limits = { maxStreak: 1000, maxShare: 0.1 };
    expect(config.deadLetters).toEqual({ kind: 'kafka', topic: 'sluice.shop.dead-letters', limits });
  });

  it.each([
    ['earliest', { kind: 'earliest' }],
    ['{file: binlog.000012, offset: 4}', { kind: 'coordinates', coordinates: { file: 'binlog.000012', offset: 4 } }],
    ['{gtid_set: "a:1-5,\\n b:1"}', { kind: 'gtid_set', gtidSet: 'a:1-5,b:1' }],
  ])('may begin at %s', (start, expected) => {
    const source = `source: {url: 'mysql://u@db', start: ${start}}`;
    expect(load({ text: MINIMAL.replace(/source:.*/, source) }).config.source.start).toEqual(expected);
  });

  it('keeps the checkpoint in the first Redis target unless it names another', () => {
    const { config } = load({ text: `${MINIMAL}checkpoint: {store: redis}` });
    expect(config.checkpoint).toMatchObject({
      address: { host: 'cache', database: 1 },
      key: 'sluice:checkpoint:sluice',
    });
  });

  it('treats a section with nothing in it as not written', () => {
    expect(load({ text: `${MINIMAL}log:\ntransport:\n` }).config.log.level).toBe('info');
  });

  it('reads certificates, and tells which cannot be read', () => {
    const text = `${MINIMAL}read: {url: 'mysql://u@r', tls: {ca: tls/ca.pem, cert: gone.pem}}`;
    expect(problemsOf({ text, files: { '/etc/sluice/tls/ca.pem': 'CA' } })).toEqual([
      '4:56 the file of `read.tls.cert` cannot be read (ENOENT)',
    ]);
    const files = { '/etc/sluice/tls/ca.pem': 'CA', '/etc/sluice/gone.pem': 'CERT' };
    const tls = { ca: 'CA', cert: 'CERT', key: null, verify: true };
    expect(load({ text, files }).config.read.address.tls).toEqual(tls);
  });

  it('points at the option of a problem that is found later', () => {
    const problem = load({ text: MINIMAL }).problem(['targets', 0, 'url'], 'refused', 'Start it.');
    expect(formatProblem(problem)).toBe('/etc/sluice/sluice.yaml:3:29: refused\n    remedy: Start it.');
  });
});

describe('a wrong configuration', () => {
  it('gives six located problems for six different mistakes', () => {
    const text = `name: shop
rules: []
source:
  url: mysql://sluice@db
  heartbeat: 10
targets:
  - {name: main, url: 'http://cache'}
  - {name: main, url: 'redis://cache'}
transport:
  kind: kafka
  brokers: ['k:9092']
  retention: 9d
checkpont: {store: file}
`;
    expect(problemsOf({ text })).toEqual([
      '2:8 `rules`: give a rule file, a folder or a glob, or a list of them',
      '5:14 `source.heartbeat`: not a duration',
      '7:23 `targets[0].url`: a URL of another kind',
      '8:12 the name of `targets[0]` again',
      expect.stringMatching(/^12:14 `apply.version_ttl`, by default 8d, must be longer than `transport.retention`/),
      '13:1 unknown option `checkpont`',
    ]);
  });

  it('is told what an unknown option may have meant', () => {
    const [problem] = rawProblems({ text: `${MINIMAL}read: {connexions: 3}` });
    expect(problem).toMatchObject({ line: 4, column: 8, remedy: 'Did you mean `connections`?' });
  });

  it('is told how a duration is written', () => {
    const [problem] = rawProblems({ text: `${MINIMAL}read: {timeout: 10}` });
    expect(problem).toMatchObject({ remedy: 'Use a duration such as 500ms, 10s, 5m, 2h or 7d.' });
  });

  it.each([
    ['source: {port: 3306}', '`source.url` is missing'],
    ['source: {host: db}', '`source.user` is missing'],
    ["source: {url: 'mysql://u:p@db', password: p}", '`source.password` also stands in `source.url`'],
    ["targets: [{name: a, url: 'redis://:p@c', password: p}]", '`password` also stands in `url`'],
    ['read: {user: u}', '`read.url` is missing'],
    ['checkpoint: {store: kafka}', '`checkpoint.store: kafka` needs the Kafka transport'],
    ['dead_letters: {topic: t}', '`dead_letters.topic` has no effect with transport.kind: in_process'],
    ['apply: {retry: {base: 10m}}', '`apply.retry.base` is longer than `apply.retry.max`'],
    ['transport: {kind: kafka}', '`transport.brokers` is missing'],
    ['transport: {kind: rabbit}', '`transport.kind`: use kind: in_process or kind: kafka'],
    ['checkpoint: {store: redis, tls: {}}', '`checkpoint.tls` has no effect without `checkpoint.url`'],
    ['admin: {token: short}', '`admin.token`: use at least 16 characters'],
    ['admin: {port: 70000}', '`admin.port`: use a whole number from 0 to 65535'],
    ["transport: {kind: kafka, brokers: ['k:9']}\naudit: {path: a}", '`audit.path` has no effect'],
    ['apply: {version_ttl: 0s}', '`apply.version_ttl`: must be at least 1m'],
    ['transport: {max_in_flight_bytes: 1KB}', '`transport.max_in_flight_bytes`: not a size'],
  ])('%s: %s', (line, message) => {
    const section = /^\w+/.exec(line)?.[0] ?? '';
    const text = `${MINIMAL.replace(new RegExp(`^${section}:.*\n`, 'm'), '')}${line}\n`;
    const problems = problemsOf({ text });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(message);
    expect(problems[0]).toMatch(/^\d+:\d+ /);
  });

  it.each(['k:0', 'k:65536', 'k:99999', 'k', 'k:'])('refuses the broker %s', (broker) => {
    const text = `${MINIMAL}transport: {kind: kafka, brokers: ['a:1', 'a:65535', '${broker}']}`;
    expect(problemsOf({ text })).toEqual(['4:54 `transport.brokers[2]`: use host:port, the port from 1 to 65535']);
  });

  it('is explained by the option of the variant that is written', () => {
    const [problem] = rawProblems({ text: `${MINIMAL}transport: {kind: kafka, brokers: ['k:9'], partitions: 0}` });
    expect(problem?.remedy).toMatch(/^Partitions of the topic/);
    const [other] = rawProblems({ text: `${MINIMAL}transport: {partitions: 0}` });
    expect(other?.remedy).toMatch(/^Partitions of the queue/);
    const [brokers] = rawProblems({ text: `${MINIMAL}transport: {brokers: ['k:9']}` });
    expect(brokers?.remedy).toBe('Remove it, or choose another `transport.kind`: this one has no such option.');
  });

  it('that is no mapping stays wrong when the environment adds options', () => {
    expect(problemsOf({ text: 'hello', env: { SLUICE_NAME: 'shop' } })).toHaveLength(1);
  });
});

it('without a file and without environment, the places looked at are named', () => {
  expect(() => loadConfigFile(undefined, {})).toThrow(/no configuration file: looked for \.\/sluice\.yaml and \/etc/);
  expect(() => loadConfigFile('/nowhere/sluice.yaml', {})).toThrow(
    /^\/nowhere\/sluice\.yaml: the configuration file cannot be read/,
  );
  expect(() => loadConfigFile(undefined, { SLUICE_CONFIG: '/nowhere/else.yaml' })).toThrow(/nowhere\/else\.yaml/);
});
