import { describe, expect, it } from 'vitest';
import { MINIMAL, load, problemsOf, rawProblems } from './load-support.ts';

const withPassword = (password: string) =>
  MINIMAL.replace(/source:.*/, () => `source: {host: db, user: u, password: '${password}'}`);
const passwordOf = (text: string, env = {}, files = {}) => load({ text, env, files }).config.source.address.password;

describe('a reference in a value', () => {
  it('is replaced from the environment, with a default if it is unset or empty', () => {
    expect(passwordOf(withPassword('${PW}'), { PW: 'secret' })).toBe('secret');
    expect(passwordOf(withPassword('${PW:-fallback}'))).toBe('fallback');
    expect(passwordOf(withPassword('${PW:-fallback}'), { PW: '' })).toBe('fallback');
    expect(passwordOf(withPassword('a${X}b${Y:-}c'), { X: '1' })).toBe('a1bc');
  });

  it('is replaced by the content of a file, without its last newline', () => {
    expect(passwordOf(withPassword('${file:/run/pw}'), {}, { '/run/pw': 'two\nlines\n' })).toBe('two\nlines');
    expect(passwordOf(withPassword('${file:pw}'), {}, { '/etc/sluice/pw': 'near' })).toBe('near');
  });

  it('is left alone after another dollar sign', () => {
    expect(passwordOf(withPassword('$${PW}'))).toBe('${PW}');
    expect(passwordOf(withPassword('5$ {x} $PW'))).toBe('5$ {x} $PW');
  });

  it('brings in text, never YAML and never another reference', () => {
    expect(passwordOf(withPassword('${PW}'), { PW: "'}\nname: evil" })).toBe("'}\nname: evil");
    expect(passwordOf(withPassword('${PW}'), { PW: '${HOME}', HOME: '/root' })).toBe('${HOME}');
  });

  it('is percent-encoded in the login of a URL, and nowhere else', () => {
    const text = MINIMAL.replace(/source:.*/, 'source: {url: "mysql://u:${PW}@${AT}/shop"}');
    const { address } = load({ text, env: { PW: 'p@ss/w%rd?#', AT: 'db:3307' } }).config.source;
    expect(address).toMatchObject({ password: 'p@ss/w%rd?#', host: 'db', port: 3307, database: 'shop' });
    const whole = MINIMAL.replace(/source:.*/, 'source: {url: "${URL}"}');
    expect(passwordOf(whole, { URL: 'mysql://u:p%40@db' })).toBe('p@');
  });

  it('becomes a number, a boolean or a list where one is expected', () => {
    const text = `${MINIMAL}admin: {port: '\${PORT}'}
transport: {kind: kafka, brokers: '\${BROKERS}', tls: {verify: '\${VERIFY}'}}`;
    const { config } = load({ text, env: { PORT: '9000', BROKERS: 'a:1,b:2', VERIFY: 'false' } });
    expect(config.admin.port).toBe(9000);
    expect(config.transport).toMatchObject({ brokers: ['a:1', 'b:2'], tls: { verify: false } });
  });
});

describe('a reference that cannot be replaced', () => {
  it('is reported where it stands, all of them at once, and nothing else is said about the value', () => {
    const text = `rules: \${RULES}
source: {url: "mysql://u:\${file:/run/pw}@\${HOST}"}
targets: [{name: main, url: "redis://\${open"}]
`;
    expect(problemsOf({ text })).toEqual([
      '1:8 environment variable RULES is not set',
      '2:15 secret file /run/pw cannot be read (ENOENT)',
      '2:15 environment variable HOST is not set',
      '3:29 `${` is never closed',
    ]);
    expect(rawProblems({ text })[0]?.remedy).toBe('Set it, or give a default: ${RULES:-…}.');
  });

  it('is reported if it is none', () => {
    expect(problemsOf({ text: withPassword('${not-a-name}') })).toEqual(['2:39 a `${…}` that is no reference']);
  });
});

describe('an expanded value', () => {
  it.each([
    ['source: {url: "${S}"}'],
    ['source: {host: db, user: u, port: "${S}"}'],
    ['source: {url: "mysql://u@db", heartbeat: "${S}"}'],
    ['source: {url: "mysql://u@db", start: "${S}"}'],
    ['source: {url: "mysql://u@db", start: {file: f, offset: "${S}"}}'],
    ['source: {url: "mysql://u@db", tls: {verify: "${S}"}}'],
    ['source: "${S}"'],
    ['log: {level: "${S}"}'],
    ['name: "${S}"'],
    ['transport: {kind: "${S}"}'],
    ['transport: {kind: kafka, brokers: ["${S}"]}'],
    ['checkpoint: {store: redis, url: "${S}"}'],
  ])('is not shown when it is wrong: %s', (line) => {
    const section = /^\w+/.exec(line)?.[0] ?? '';
    const text = `${MINIMAL.replace(new RegExp(`^${section}:.*\n`, 'm'), '')}${line}\n`;
    const problems = rawProblems({ text, env: { S: 'HUSH hush' } });
    expect(problems.length).toBeGreaterThan(0);
    expect(JSON.stringify(problems)).not.toContain('HUSH');
  });

  it('nor is a password that is written as a number', () => {
    const text = MINIMAL.replace(/source:.*/, 'source: {host: db, user: u, password: 4711}');
    expect(JSON.stringify(rawProblems({ text }))).not.toContain('4711');
  });
});
