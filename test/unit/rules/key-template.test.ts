import { describe, expect, it } from 'vitest';
import { parseKeyTemplate, parsePartitionKey, parseTemplate, printTemplate } from '../../../src/rules/key-template.ts';

const parts = (text: string) => {
  const parsed = parseTemplate(text);
  return 'ok' in parsed ? parsed.ok.parts.map((p) => (typeof p === 'string' ? p : [p.column, p.at])) : parsed.problems;
};
const problems = (parse: typeof parseTemplate, text: string) => {
  const parsed = parse(text);
  return 'ok' in parsed ? [] : parsed.problems.map(({ at, message }) => `${at} ${message}`);
};

describe('a key template', () => {
  it('is fixed text and columns in turn', () => {
    expect(parts('shop:{shop_id}:product:{id}')).toEqual(['shop:', ['shop_id', 6], ':product:', ['id', 24]]);
  });

  it('takes doubled braces as braces', () => {
    expect(parts('{{{id}}}')).toEqual(['{', ['id', 3], '}']);
  });

  it('keeps a Redis hash tag apart from the column inside it', () => {
    expect(parts('{{user:{id}}}:name')).toEqual(['{user:', ['id', 8], '}:name']);
  });

  it('takes odd column names in backticks', () => {
    expect(parts('a:{`odd } name`}')).toEqual(['a:', ['odd } name', 3]]);
    expect(parts('a:{`tick``s`}')).toEqual(['a:', ['tick`s', 3]]);
  });

  it('ignores spaces around a column', () => {
    expect(parts('a:{ id }')).toEqual(['a:', ['id', 4]]);
  });

  it('may have no column at all', () => {
    expect(parts('home:top10')).toEqual(['home:top10']);
  });

  it('names every mistake with its character', () => {
    expect(problems(parseTemplate, 'a}:{}:{x y}:{id')).toEqual([
      '1 a `}` closes nothing',
      '4 no column between the braces',
      '7 `x y` is no column name',
      '12 a `{` is never closed',
    ]);
  });

  it.each(['{id|lower}', '{@epoch}', '{tags[*]}', '{a.b}', '{``}'])(
    'refuses %s, which may mean something later',
    (text) => {
      expect(problems(parseTemplate, text)).toHaveLength(1);
    },
  );

  it('is refused when the key could be empty', () => {
    expect(problems(parseKeyTemplate, '{id}')).toEqual(['0 this key would be empty when its columns are']);
    expect(problems(parseKeyTemplate, '{a}{b}')).toHaveLength(1);
    expect(problems(parseKeyTemplate, '')).toEqual(['0 a key cannot be empty']);
  });

  it('may be nothing but columns as a partition key, but not nothing', () => {
    expect(problems(parsePartitionKey, '{customer_id}')).toEqual([]);
    expect(problems(parsePartitionKey, '')).toHaveLength(1);
  });

  it('prints as it was written', () => {
    for (const text of ['a:{id}', '{{x}}:{`odd name`}', 'plain']) {
      const parsed = parseTemplate(text);
      expect('ok' in parsed && printTemplate(parsed.ok)).toBe(text);
    }
  });
});
