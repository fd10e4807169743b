import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../../../src/runtime/errors.ts';
import { MINIMAL, rawProblems } from './load-support.ts';

/** Everything a person would see of a wrong configuration. */
const printed = (text: string, env: Readonly<Record<string, string>> = {}): string =>
  rawProblems({ text, env }).map(formatProblem).join('\n');

/** The minimal configuration with one section in another way. */
const withSection = (line: string): string => {
  const section = /^\w+/.exec(line)?.[0] ?? '';
  return `${MINIMAL.replace(new RegExp(`^${section}:.*\n`, 'm'), '')}${line}\n`;
};

describe('messages about a wrong configuration', () => {
  it.each([
    'source: mysql://root:hunter2@h/shop',
    'source: ["mysql://root:hunter2@h/shop"]',
    'source: {"mysql://root:hunter2@h/shop": true}',
    'source: {start: "mysql://root:hunter2@h/shop"}',
    'source: {url: {"mysql://root:hunter2@h": 1}}',
    'source: {host: h, user: u, tls: "mysql://root:hunter2@h"}',
    'targets: ["redis://:hunter2@h"]',
    'targets: redis://:hunter2@h',
    'targets: {"redis://:hunter2@h": 1}',
    'targets: [{name: "redis://:hunter2@h", url: "redis://h"}]',
    'read: mysql://root:hunter2@h',
    'read: "root:hunter2@h"',
    'checkpoint: redis://:hunter2@h',
    'checkpoint: {store: "redis://:hunter2@h"}',
    'transport: {kind: kafka, brokers: "sasl://u:hunter2@k:9092"}',
    'transport: {kind: kafka, brokers: ["sasl://u:hunter2@k:9092"]}',
    'transport: {kind: "sasl://u:hunter2@k:9092"}',
    'log: {level: "redis://:hunter2@h"}',
    'admin: {port: "redis://:hunter2@h"}',
    'admin: {token: hunter2}',
    'admin: {token: [hunter2]}',
    'admin: {token: "hunter2 with a space"}',
    '"redis://:hunter2@h": 1',
    'rules: {"redis://:hunter2@h": 1}',
    'targets: [{name: a, url: "redis://h", password: {hunter2: b}}]',
    'targets: [{name: a, url: "redis://h", password: [hunter2]}]',
    'targets: [{name: a, url: "redis://h", url: "redis://:hunter2@h"}]',
    'source: mysql://root:hunter2@h: x: y',
    'source: "mysql://root:hunter2@h" tail',
    '"mysql://root:hunter2@h": 1\n"mysql://root:hunter2@h": 2',
    'source: *mysql://root:hunter2@h',
    'source: !mysql://root:hunter2@h x',
    'source: {url: mysql://root:hunter2@h\n}}}mysql://root:hunter2@h',
  ])('never show a password: %s', (line) => {
    const text = printed(withSection(line));
    expect(text).not.toBe('');
    expect(text).not.toContain('hunter2');
  });

  it('tell who wrote a URL for a section where it belongs', () => {
    expect(printed(withSection('source: mysql://root:hunter2@h/shop'))).toBe(
      '/etc/sluice/sluice.yaml:3:9: `source`: expected a mapping, not text\n    remedy: Write `source:` and below it `url: …`.',
    );
    expect(printed(withSection('targets: ["redis://:hunter2@h"]'))).toContain(
      '`targets[0]`: expected a mapping, not text\n    remedy: Write `- name: …` and below it `url: …`.',
    );
  });

  it('mask a URL that is the name of an option', () => {
    expect(printed(withSection('source: {"mysql://root:hunter2@h": x}'))).toContain(
      'unknown option `source.mysql://***`\n    remedy: Write `source:` and below it `url: …`.',
    );
  });

  it('cut what is long', () => {
    const text = printed(withSection(`log: {level: ${'x'.repeat(3000)}, ${'y'.repeat(3000)}: 1}`));
    expect(text).toContain(`not \`${'x'.repeat(39)}…\``);
    expect(text).toContain(`unknown option \`log.${'y'.repeat(39)}…\``);
  });

  it('never move the cursor of a terminal', () => {
    const text = printed(withSection('log: {level: "\\e[2J\\u009b\\u202e\\n", "\\e[31m": 1}'));
    expect(text).toContain('not `\\u001b[2J\\u009b\\u202e\\u000a`');
    expect(text).toContain('unknown option `log.\\u001b[31m`');
  });

  it('say of a binary file just that it is no text', () => {
    const binary = String.fromCharCode(...Array.from({ length: 3000 }, (_, i) => i % 256));
    expect(printed(binary)).toBe(
      '/etc/sluice/sluice.yaml:1:1: this is no text: it has the character U+0000\n    remedy: Write the file as plain UTF-8 text.',
    );
    expect(printed('name: caf\ufffd')).toContain('1:10: this is no text: it is not UTF-8');
  });
});

describe('a value that is wrong', () => {
  it('is shown when it came from the environment and is no secret', () => {
    expect(printed(MINIMAL, { SLUICE_LOG_LEVEL: 'loud' })).toContain(
      'environment variable SLUICE_LOG_LEVEL: `log.level`: expected `debug`, `info`, `warn`, `error` or `silent`, not `loud`',
    );
  });

  it('is shown where a word or a number belongs, and not where anything may stand', () => {
    expect(printed(`${MINIMAL}admin: {port: eight}`)).toContain('not `eight`');
    expect(printed(withSection("source: {url: 'mysql://u@h', tls: {verify: on}}"))).toContain('not `on`');
    expect(printed(`${MINIMAL}read: hunter2`)).toContain('expected a mapping, not text');
  });

  it('is not shown when it was brought in by a reference', () => {
    const text = printed(`${MINIMAL}log: {level: "\${LEVEL}"}`, { LEVEL: 'hunter2' });
    expect(text).toContain('not `***`');
    expect(text).not.toContain('hunter2');
  });

  it('is not quoted for its author when it must not be shown', () => {
    const text = printed(withSection("targets: [{name: a, url: 'redis://c', password: 12345}]"));
    expect(text).toContain('expected text, not `***`\n    remedy: Put quotes around it.');
    expect(text).not.toContain('12345');
    expect(printed(withSection("targets: [{name: a, url: 'redis://c', password: {a: b}}]"))).toContain(
      'expected text, not a mapping\n    remedy: Put the text in quotes',
    );
  });
});
