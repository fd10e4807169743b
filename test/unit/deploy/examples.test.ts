import { existsSync, readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { loadRules } from '../../../src/rules/rule-file.ts';
import { loadConfig } from '../../../src/runtime/config/load.ts';
import { read, repository } from './files.ts';

const examples = readdirSync(`${repository}config`).filter((name) => name.endsWith('.yaml'));
const isRules = (name: string): boolean => /(^|\.)rules\./.test(name);

it.each(examples.filter((name) => !isRules(name)))('config/%s is accepted, and the rules it names exist', (name) => {
  const file = `${repository}config/${name}`;
  const env = { MYSQL_PASSWORD: 'p@ss', REDIS_PASSWORD: 'p@ss', KAFKA_PASSWORD: 'p@ss' };
  const { config, warnings } = loadConfig({ file, text: read(`config/${name}`), env, readFile: () => 'secret' });
  expect(warnings).toEqual([]);
  expect(config.rules.filter((path) => !existsSync(path))).toEqual([]);
});

it.each(examples.filter(isRules))('config/%s is accepted as a rule file', (name) => {
  expect(loadRules([{ file: name, text: read(`config/${name}`) }]).rules.length).toBeGreaterThan(1);
});
