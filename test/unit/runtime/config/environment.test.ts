import { describe, expect, it } from 'vitest';
import { readOverrides } from '../../../../src/runtime/config/environment.ts';
import { listOptions, type Option } from '../../../../src/runtime/config/options.ts';
import { MINIMAL, load, problemsOf, rawProblems } from './load-support.ts';

type Section = Record<string, unknown>;

/** A valid configuration in which this option has a meaning and its default. */
function baseFor({ path, variant }: Option): Record<string, Section | Section[] | string> {
  const name = path.join('.');
  const kafka = /kafka/.test(variant ?? '') || name === 'dead_letters.topic';
  const login = { mechanism: 'plain', username: 'u', password: 'p' };
  const start = name === 'source.start.gtid_set' ? { gtid_set: 'a:1' } : { file: 'f', offset: 4 };
  const address = path.at(-1) === 'url' ? {} : { host: 'h', user: 'u' };
  return {
    rules: 'rules.yaml',
    source: {
      ...(path[0] === 'source' ? address : { url: 'mysql://u@db' }),
      ...(name.startsWith('source.start.') ? { start } : {}),
    },
    read: path[0] === 'read' ? address : {},
    targets: [{ name: 'main', ...serversFor(name) }],
    transport: kafka ? { kind: 'kafka', brokers: ['k:9092'], ...(name.includes('.sasl.') ? { sasl: login } : {}) } : {},
    checkpoint: {
      ...(variant?.startsWith('store: ') && name !== 'checkpoint.store' ? { store: variant.slice(7) } : {}),
      ...(name.startsWith('checkpoint.tls') ? { url: 'redis://c' } : {}),
    },
  };
}

/** One server, unless the option is one of the others. */
function serversFor(name: string): Section {
  if (name.startsWith('targets.*.cluster.')) return { cluster: { nodes: ['a:1'] } };
  if (name.startsWith('targets.*.sentinel.')) return { sentinel: { master: 'm', nodes: ['a:1'] } };
  return { url: 'redis://cache' };
}

/** A valid value that is not the default. */
function sampleFor(option: Option): string {
  const { path, kind, type } = option;
  const name = path.join('.');
  if (name === 'transport.kind') return 'in_process';
  if (name.endsWith('.nodes')) return 'other:6379';
  if (name === 'transport.brokers') return 'other:9092';
  if (name === 'apply.version_ttl' || name === 'transport.retention') return '2h';
  if (name === 'source.start') return 'earliest';
  if (name === 'admin.token') return 'a-token-of-the-tests';
  if (name === 'apply.flush_keys_per_second') return '700';
  if (type === 'URL') return /^(source|read)/.test(name) ? 'mysql://other@other' : 'redis://other';
  const byType: Record<string, string> = { duration: '7s', size: '3MiB', integer: '7', 'true or false': 'false' };
  const words = type
    .match(/`([^`]+)`/g)
    ?.map((word) => word.slice(1, -1))
    .filter((word) => word !== option.default);
  return byType[type.split(',')[0] ?? ''] ?? words?.at(-1) ?? (kind === 'text' ? 'other' : 'other.yaml');
}

describe('every option', () => {
  const options = listOptions();

  it('has a name of its own', () => {
    const names = options.map(({ env, variant, path }) => `${env} ${variant} ${path.join('.')}`);
    expect(new Set(names).size).toBe(names.length);
    const paths = new Map<string, string>();
    for (const { env, path } of options) {
      expect(paths.get(env) ?? path.join('.')).toBe(path.join('.'));
      paths.set(env, path.join('.'));
    }
  });

  it.each(options.map((option) => [option.env, option.variant ?? '', option] as const))(
    'can be set by %s %s, and that changes the configuration',
    (env, _variant, option) => {
      if (env === 'SLUICE_TRANSPORT_KIND' || env === 'SLUICE_CHECKPOINT_STORE') return;
      const variable = env.replace('<n>', '0');
      const text = JSON.stringify(baseFor(option));
      const given = { text, file: '/x/sluice.yaml' };
      const pems = { '/x/other': 'PEM' };
      const { overrides, warnings } = readOverrides({ [variable]: sampleFor(option) });
      expect(warnings).toEqual([]);
      expect(overrides.map(({ path }) => path.map((part) => (part === 0 ? '*' : part)))).toEqual([option.path]);
      // Without its URL a source has no address: there is nothing to compare with.
      const before = env === 'SLUICE_SOURCE_URL' ? undefined : load(given).config;
      const after = load({ ...given, files: pems, env: { [variable]: sampleFor(option) } }).config;
      expect(after).not.toEqual(before);
    },
  );

  it('that chooses a variant can be set too', () => {
    const env = { SLUICE_TRANSPORT_KIND: 'kafka', SLUICE_TRANSPORT_BROKERS: 'k:1', SLUICE_CHECKPOINT_STORE: 'kafka' };
    const { config } = load({ text: MINIMAL, env });
    expect(config.transport).toMatchObject({ kind: 'kafka', brokers: ['k:1'] });
    expect(config.checkpoint).toMatchObject({ store: 'kafka' });
  });
});

describe('the environment', () => {
  it('can say everything, without a file', () => {
    const { config } = load({
      file: null,
      env: {
        SLUICE_RULES: '/a.yaml, /b',
        SLUICE_SOURCE_HOST: 'db',
        SLUICE_SOURCE_USER: 'sluice',
        SLUICE_SOURCE_PASSWORD: '${not expanded}',
        SLUICE_TARGETS_0_NAME: 'main',
        SLUICE_TARGETS_0_URL: 'redis://one',
        SLUICE_TARGETS_1_NAME: 'second',
        SLUICE_TARGETS_1_URL: 'redis://two',
      },
    });
    expect(config.rules).toEqual(['/a.yaml', '/b']);
    expect(config.source.address.password).toBe('${not expanded}');
    expect(config.targets.map(({ name }) => name)).toEqual(['main', 'second']);
  });

  it('that says too little is told the names of the variables', () => {
    expect(problemsOf({ file: null, env: { SLUICE_NAME: 'shop' } })).toEqual([
      '`rules` is missing (environment variable SLUICE_RULES)',
      '`targets` is missing (environment variables SLUICE_TARGETS_…)',
      '`source.url` is missing (environment variable SLUICE_SOURCE_URL)',
    ]);
  });

  it('names the variable of a wrong value', () => {
    const problems = rawProblems({ text: MINIMAL, env: { SLUICE_ADMIN_PORT: 'http', SLUICE_LOG_LEVEL: 'HUSH' } });
    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^environment variable SLUICE_ADMIN_PORT: `admin.port`: /),
      expect.stringMatching(/^environment variable SLUICE_LOG_LEVEL: `log.level`: /),
    ]);
    expect(problems.every(({ line, file }) => line === undefined && file === undefined)).toBe(true);
  });

  it('warns of variables that are no option, with the nearest name', () => {
    const env = { SLUICE_TARGETS_2_URI: 'x', SLUICE_TEST_MYSQL: 'x', SLUICE_SERVICES_CACHE: 'x', SLUICE_CONFIG: 'x' };
    expect(load({ text: MINIMAL, env }).warnings).toEqual([
      'environment variable SLUICE_TARGETS_2_URI is ignored: there is no such option. Did you mean `SLUICE_TARGETS_2_URL`?',
    ]);
  });

  it('passes over what Kubernetes says about a Service, even under the name of an option', () => {
    const env = {
      SLUICE_SERVICE_HOST: '10.0.0.1',
      SLUICE_SERVICE_PORT: '8080',
      SLUICE_SERVICE_PORT_HTTP: '8080',
      SLUICE_PORT: 'tcp://10.0.0.1:8080',
      SLUICE_PORT_8080_TCP: 'tcp://10.0.0.1:8080',
      SLUICE_PORT_8080_TCP_ADDR: '10.0.0.1',
      SLUICE_ADMIN_SERVICE_HOST: '10.0.0.2',
      SLUICE_ADMIN_PORT: 'tcp://10.0.0.2:9090',
    };
    const { config, warnings } = load({ text: MINIMAL, env });
    expect(config.admin.port).toBe(8080);
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toContain('enableServiceLinks');
    expect(load({ text: MINIMAL, env: { ...env, SLUICE_ADMIN_PORT: '9999' } }).config.admin.port).toBe(9999);
  });

  it('counts an empty variable as not set', () => {
    expect(load({ text: MINIMAL, env: { SLUICE_NAME: '', SLUICE_NONSENSE: '' } })).toMatchObject({
      config: { name: 'sluice' },
      warnings: [],
    });
  });

  it('replaces the whole of a value by its parts, and parts by the whole', () => {
    const text = `${MINIMAL.replace(/source:.*/, "source: {url: 'mysql://u@db', start: {file: a, offset: 4}}")}`;
    expect(load({ text, env: { SLUICE_SOURCE_START: 'now' } }).config.source.start).toEqual({ kind: 'now' });
    const parts = { SLUICE_SOURCE_START_FILE: 'b', SLUICE_SOURCE_START_OFFSET: '7' };
    expect(load({ text: MINIMAL, env: parts }).config.source.start).toMatchObject({
      coordinates: { file: 'b', offset: 7 },
    });
  });
});
