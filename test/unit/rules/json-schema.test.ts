import { readFileSync, readdirSync } from 'node:fs';
import Ajv from 'ajv';
import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { rulesJsonSchema } from '../../../docs/generators/rules-schema.ts';
import { problemsOf } from '../../support/rules.ts';
import { WRONG_FILES } from './wrong-files/all.ts';

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly description?: string;
  readonly examples?: readonly unknown[];
}

const schema = JSON.parse(rulesJsonSchema()) as JsonSchema;
const validate = new Ajv().compile(schema);

/** What an editor says; undefined when it is no YAML, and there is nothing to look at. */
function accepts(text: string): boolean | undefined {
  const document = parseDocument(text, { logLevel: 'silent' });
  if (document.errors.length > 0) return undefined;
  try {
    return validate(document.toJS()) === true;
  } catch {
    return undefined;
  }
}

const ruleFiles = [
  'config/rules.example.yaml',
  'config/demo.rules.yaml',
  ...readdirSync('config/cookbook')
    .filter((name) => !name.includes('.test.'))
    .map((name) => `config/cookbook/${name}`),
];

describe('the JSON Schema of rule files', () => {
  it('is about the draft that the YAML language server knows', () => {
    expect(schema).toMatchObject({ $schema: 'http://json-schema.org/draft-07/schema#' });
  });

  it.each(ruleFiles)('accepts %s', (file) => {
    expect(accepts(readFileSync(file, 'utf8'))).toBe(true);
  });

  it('is named at the top of each of them, by its place relative to the file', () => {
    for (const file of ruleFiles) {
      const up = file.startsWith('config/cookbook/') ? '../' : '';
      const line = `# yaml-language-server: $schema=${up}schema/rules.schema.json\n`;
      expect(readFileSync(file, 'utf8').startsWith(line), file).toBe(true);
    }
  });

  it.each(WRONG_FILES.filter(({ editor }) => editor))('rejects $title', ({ text }) => {
    expect(accepts(text)).toBe(false);
  });

  it.each(WRONG_FILES.filter(({ editor }) => !editor))('cannot tell of $title', ({ text }) => {
    expect(accepts(text)).not.toBe(false);
  });

  it('has a description and examples for every option, and the examples are right', () => {
    const without: string[] = [];
    for (const [path, option] of optionsOf(schema, '')) {
      if (option.description === undefined || (option.examples ?? []).length === 0) without.push(path);
      for (const example of option.examples ?? []) {
        expect(new Ajv().validate(option, example), `${path}: ${JSON.stringify(example)}`).toBe(true);
      }
    }
    expect(without).toEqual([]);
  });
});

describe('the example', () => {
  it('of every option is one that rules accept', () => {
    for (const [path, { examples = [] }] of optionsOf(schema, '')) {
      const option =
        /^rules\[\]\.(when|table|partition_key|null_as|max_keys|flush_above_rows|table_changes|action)$/.exec(path);
      if (option === null) continue;
      for (const example of examples) {
        const rule = { name: 'a', table: 'x.y', keys: ['k:{id}'], action: 'delete', [option[1] ?? '']: example };
        expect(problemsOf(JSON.stringify({ rules: [rule] })), `${path}: ${JSON.stringify(example)}`).toEqual([]);
      }
    }
  });
});

function optionsOf(node: JsonSchema, path: string): [string, JsonSchema][] {
  const below = Object.entries(node.properties ?? {}).flatMap(([name, child]): [string, JsonSchema][] => {
    const inner = path === '' ? name : `${path}.${name}`;
    return [[inner, child], ...optionsOf(child, inner)];
  });
  const values = typeof node.additionalProperties === 'object' ? optionsOf(node.additionalProperties, `${path}.*`) : [];
  return [
    ...below,
    ...values,
    ...(node.anyOf ?? []).flatMap((branch) => optionsOf(branch, path)),
    ...(node.items === undefined ? [] : optionsOf(node.items, `${path}[]`)),
  ];
}
