import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../../src/runtime/config/load.ts';

const folder = fileURLToPath(new URL('../../../../config/', import.meta.url));
const examples = readdirSync(folder).filter((name) => /^sluice\..*yaml$/.test(name));
const secrets = { MYSQL_PASSWORD: 'p@ss', REDIS_PASSWORD: 'p', KAFKA_PASSWORD: 'p' };

describe('the example configurations', () => {
  it('are there', () => {
    expect(examples).toEqual(expect.arrayContaining(['sluice.example.yaml', 'sluice.kafka.example.yaml']));
  });

  it.each(examples)('%s loads without problem or warning and names its JSON Schema', (name) => {
    const text = readFileSync(folder + name, 'utf8');
    const readFile = (path: string) => readFileSync(path, 'utf8');
    const { config, warnings } = loadConfig({ file: folder + name, text, env: secrets, readFile });
    expect(warnings).toEqual([]);
    expect(config.source.address.password).toBe('p@ss');
    const schema = /^# yaml-language-server: \$schema=(.+)$/m.exec(text)?.[1] ?? '';
    expect(JSON.parse(readFileSync(folder + schema, 'utf8'))).toMatchObject({ type: 'object' });
  });
});
