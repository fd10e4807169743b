import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { YamlDocument, validate } from '../../../../src/runtime/config/yaml-document.ts';

const at = (text: string, path: (string | number)[], where?: 'value' | 'key' | number) => {
  const { line, column } = new YamlDocument('f.yaml', text).locate(path, where);
  return `${line}:${column}`;
};

const problems = (schema: z.ZodType, text: string) => {
  const document = new YamlDocument('f.yaml', text);
  const result = validate(schema, document, document.value());
  return result.ok ? [] : result.problems.map((p) => `${p.line}:${p.column} ${p.message} / ${p.remedy}`);
};

describe('a place in a YAML document', () => {
  it('is where the value begins, or its key', () => {
    const text = 'a:\n  - b: 1\n    c: "two"\n';
    expect(at(text, ['a', 0, 'c'])).toBe('3:8');
    expect(at(text, ['a', 0, 'c'], 'key')).toBe('3:5');
  });

  it('is the nearest ancestor of a value that is not there', () => {
    expect(at('a:\n  b: 1\n', ['a', 'x', 'y'])).toBe('2:3');
    expect(at('a: text\n', ['a', 0])).toBe('1:4');
  });

  it('is the key of a value that is empty', () => {
    expect(at('x: 1\nempty:\n', ['empty', 'deeper'])).toMatch(/^2:/);
  });

  it('is the beginning of the file when there is nothing at all', () => {
    expect(at('', ['a'])).toBe('1:1');
  });

  it('is the value behind an alias', () => {
    expect(at('base: &b\n  c: 1\nuse: *b\n', ['use', 'c'])).toBe('2:6');
  });

  it('finds a key that YAML reads as a number', () => {
    expect(at('a:\n  1: x\n', ['a', '1'])).toBe('2:6');
  });
});

describe('a character of a text', () => {
  it('is found behind the quote and behind escapes', () => {
    expect(at('a: "x{y}"', ['a'], 1)).toBe('1:6');
    expect(at('a: "\\u0041\\n{y}"', ['a'], 2)).toBe('1:13');
    expect(at("a: 'it''s {y}'", ['a'], 5)).toBe('1:11');
    expect(at('a: x{y}', ['a'], 1)).toBe('1:5');
  });

  it('is found in the right line of a literal block', () => {
    expect(at('a: |\n  one\n  two ;\n', ['a'], 8)).toBe('3:7');
  });

  it('is found in the right line of a folded block and of a plain text over several lines', () => {
    expect(at('a: >-\n  one\n  two ;\n', ['a'], 8)).toBe('3:7');
    expect(at('a: one\n  two ;\n', ['a'], 8)).toBe('2:7');
  });
});

describe('syntax problems', () => {
  const messages = (text: string) =>
    new YamlDocument('f.yaml', text).syntaxProblems().map((p) => `${p.line}:${p.column} ${p.message} / ${p.remedy}`);

  it('are none for YAML that is right', () => {
    expect(messages('a: 1')).toEqual([]);
  });

  it('say where a key is given twice', () => {
    expect(messages('a: 1\na: 2\n')).toEqual(['2:1 YAML: the key `a` is given twice / Remove one of them.']);
    expect(messages('"a b": 1\n"a b" : 2\n')).toEqual([expect.stringContaining('the key `a b` is given twice')]);
  });

  it.each(['a:\n\tb: 1\n', 'a:\n  b: 1\n\tc: 1\n', '\ta: 1\n', 'a:\n  - b\n\t- c\n', 'a:\n  \tb: 1\n  c: 2\n'])(
    'say of %j that YAML has no tabs',
    (text) => {
      expect(messages(text)[0]).toContain('YAML does not allow tabs for indentation / Indent with spaces.');
    },
  );

  it('say that a file is one document', () => {
    expect(messages('a: 1\n---\nb: 1\n')).toEqual([
      '2:1 YAML: a second document begins / One document per file: remove the `---`.',
    ]);
  });

  it('say that a star needs quotes', () => {
    expect(messages('table: *.orders')).toEqual([expect.stringMatching(/^1:8 .*anchor.*Put quotes around.*\*/)]);
  });

  it('are few, and no crash, for nesting without end', () => {
    const found = messages('['.repeat(20_000));
    expect(found.length).toBeGreaterThan(0);
    expect(found.length).toBeLessThan(20);
  });

  it('include aliases that would fill the memory', () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${['b', 'c', 'd', 'e'].map((n, i) => `${n}: &${n} [${`*${'abcd'[i]},`.repeat(9)}]`).join('\n')}`;
    const document = new YamlDocument('f.yaml', bomb);
    expect(document.syntaxProblems()).toHaveLength(1);
    expect(document.value()).toBeUndefined();
  });
});

describe('validation', () => {
  const schema = z.strictObject({
    name: z.string().describe('The name.'),
    mode: z.enum(['fast', 'slow']).optional(),
    action: z.union([z.literal('delete'), z.strictObject({ refresh: z.strictObject({ ttl: z.string() }) })]).optional(),
  });

  it('names every mistake with its place', () => {
    expect(problems(schema, 'name: 5\nmode: fats\nother: 1\n')).toEqual([
      '1:7 `name`: expected text, not `5` / Put quotes around it: "5".',
      '2:7 `mode`: expected `fast` or `slow`, not `fats` / Did you mean `fast`?',
      '3:1 unknown option `other` / Remove it. Known here: name, mode, action.',
    ]);
  });

  it('says what is missing and what it is for', () => {
    expect(problems(schema, 'mode: fast')).toEqual(['1:1 `name` is missing / Add it: The name.']);
  });

  it('says a misspelt option once, not also that the right one is missing', () => {
    expect(problems(schema, 'nmae: x')).toEqual(['1:1 unknown option `nmae` / Did you mean `name`?']);
  });

  it('follows the branch of a union that fits the kind of the value', () => {
    expect(problems(schema, 'name: a\naction: {refresh: {tll: 1}}')).toEqual([
      '2:20 unknown option `action.refresh.tll` / Did you mean `ttl`?',
    ]);
  });

  it('follows the variant that is written', () => {
    const variants = z.strictObject({
      at: z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('a').optional(), n: z.int().min(1).describe('N of a.') }),
        z.strictObject({ kind: z.literal('b'), n: z.int().min(1).describe('N of b.'), only: z.string().optional() }),
      ]),
    });
    expect(problems(variants, 'at: {kind: b, n: 0}')[0]).toMatch(/ \/ N of b\.$/);
    expect(problems(variants, 'at: {n: 0}')[0]).toMatch(/ \/ N of a\.$/);
    expect(problems(variants, 'at: {n: 1, only: x}')).toEqual([
      '1:12 unknown option `at.only` / Remove it, or choose another `at.kind`: this one has no such option.',
    ]);
  });

  it('knows a merge key, and does not miss what it should have brought in', () => {
    expect(problems(schema, 'mode: fast\n<<: {name: x}\n')).toEqual([
      '2:1 YAML merge keys (<<) are not supported / Write the options out.',
    ]);
  });

  it('says what all branches want when none fits', () => {
    expect(problems(schema, 'name: a\naction: delet')).toEqual([
      '2:9 `action`: expected `delete` or a mapping, not `delet` / Did you mean `delete`?',
    ]);
  });

  it('takes remedy and character from a check of the schema', () => {
    const checked = z.strictObject({
      a: z.string().superRefine((text, context) => {
        context.addIssue({ code: 'custom', message: 'no', params: { at: text.indexOf('!'), remedy: 'Calm down.' } });
      }),
    });
    expect(problems(checked, 'a: "hey!"')).toEqual(['1:8 `a`: no / Calm down.']);
  });
});
