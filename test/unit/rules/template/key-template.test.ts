import { describe, expect, it } from 'vitest';
import {
  parseKeyTemplate,
  parsePartitionKey,
  parseRowlessKey,
  parseTemplate,
} from '../../../../src/rules/template/key-template.ts';
import { printTemplate } from '../../../../src/rules/template/template-print.ts';
import {
  isBounded,
  isListTemplate,
  replacesNull,
  templateColumns,
  templateLookups,
  templateVariables,
  usesEpoch,
} from '../../../../src/rules/template/template-uses.ts';
import { template } from '../../../support/templates.ts';

const parts = (text: string) =>
  template(text).parts.map((p) =>
    typeof p === 'string' ? p : p.source.kind === 'column' ? [p.source.name, p.at] : [p.source, p.at],
  );
const problems = (parse: typeof parseTemplate, text: string) => {
  const parsed = parse(text);
  return 'ok' in parsed ? [] : parsed.problems.map(({ at, message }) => `${at} ${message}`);
};
const remedies = (text: string) => {
  const parsed = parseTemplate(text);
  return 'ok' in parsed ? [] : parsed.problems.map(({ remedy }) => remedy);
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
    expect(parts('a:{`back\\`}:{`"`}')).toEqual(['a:', ['back\\', 3], ':', ['"', 13]]);
    expect(parts('a:{`$id`}{`x | y`}{`tags[*]`}')).toEqual(['a:', ['$id', 3], ['x | y', 10], ['tags[*]', 19]]);
  });

  it('ignores spaces around everything inside the braces', () => {
    expect(parts('a:{ id }')).toEqual(['a:', ['id', 4]]);
    expect(template('a:{ id [ * ] |  substring ( 1 ,2 ) | lower}').parts[1]).toMatchObject({
      spread: true,
      filters: [
        { name: 'substring', values: [1, 2], at: 16 },
        { name: 'lower', values: [], at: 37 },
      ],
    });
  });

  it('may have no column at all', () => {
    expect(parts('home:top10')).toEqual(['home:top10']);
  });

  it('knows constants, captures, the table and the lookup', () => {
    expect(parts('{$prefix}:{$1}:{@table}{@database}:{@epoch}:{lookup.a}:{lookup.`b c`}')).toEqual([
      [{ kind: 'variable', name: 'prefix' }, 1],
      ':',
      [{ kind: 'variable', name: '1' }, 11],
      ':',
      [{ kind: 'table' }, 16],
      [{ kind: 'database' }, 24],
      ':',
      [{ kind: 'epoch' }, 36],
      ':',
      [{ kind: 'lookup', name: 'a' }, 45],
      ':',
      [{ kind: 'lookup', name: 'b c' }, 56],
    ]);
  });

  it('reads texts in both quotes, with escapes, whatever stands in them', () => {
    const [, part] = template(String.raw`a{x | default("it's } | , \"\\\n") | default('"' )}`).parts;
    expect(part).toMatchObject({ filters: [{ values: ['it\'s } | , "\\\n'] }, { values: ['"'] }] });
  });

  it('names every mistake with its character', () => {
    expect(problems(parseTemplate, 'a}:{}:{x y}:{id')).toEqual([
      '1 a `}` closes nothing',
      '4 no column between the braces',
      '7 `x y` is no column name',
      '12 a `{` is never closed',
    ]);
  });

  it('names every mistake of one placeholder', () => {
    expect(problems(parseTemplate, 'a:{x y | lowr | substring(-1, 0) | date("%Y-%Q") | modulo(0)}')).toEqual([
      '3 `x y` is no column name',
      '9 there is no filter `lowr`',
      '26 a start cannot be negative',
      '44 `%Q` is no part of a date',
      '58 a divisor must be at least 1',
    ]);
  });

  it('is refused when the key could be empty', () => {
    expect(problems(parseKeyTemplate, '{id}')).toEqual(['0 this key would be empty when its columns are']);
    expect(problems(parseKeyTemplate, '{a}{b}')).toHaveLength(1);
    expect(problems(parseKeyTemplate, '{@table}{@epoch}{lookup.x}')).toHaveLength(1);
    expect(problems(parseKeyTemplate, '')).toEqual(['0 a key cannot be empty']);
    expect(problems(parseKeyTemplate, '{a | default("x")}')).toHaveLength(1);
  });

  it('with a variable may have fixed text: a constant is not known yet', () => {
    expect(problems(parseKeyTemplate, '{$prefix}{id}')).toEqual([]);
  });

  it('may be nothing but columns as a partition key, but not nothing', () => {
    expect(problems(parsePartitionKey, '{customer_id}')).toEqual([]);
    expect(problems(parsePartitionKey, '')).toHaveLength(1);
  });

  it('of a table change has nothing of a row', () => {
    expect(problems(parseRowlessKey, 'products:{@table}:{$shard}:all')).toEqual([]);
    expect(problems(parseRowlessKey, 'products:{id}:{lookup.x}')).toEqual([
      '10 a table change has no row, so its keys have no columns',
      '15 a table change has no row, so its keys have no columns',
    ]);
    expect(problems(parseRowlessKey, '')).toHaveLength(1);
  });

  it.each([
    ['{a.b}', '1 `a.b` is no column name'],
    ['{``}', '1 ```` is no column name'],
    ['{before.id}', '1 `before.id` is no column name'],
    ['{tags[0]}', '1 `tags[0]` is no column name'],
    ['{tags[*][*]}', '1 `tags[*]` is no column name'],
    ['{[*]}', '1 no column between the braces'],
    ['{lookup.}', '1 `lookup.` names no column of the lookup'],
    ['{lookup.a.b}', '1 `lookup.a.b` names no column of the lookup'],
    ['{$}', '1 `$` is no constant and no capture'],
    ['{$a-b}', '1 `$a-b` is no constant and no capture'],
    ['{$0}', '1 `$0` is no constant and no capture'],
    ['{@tabel}', '1 there is no `@tabel`'],
    ['{@table[*]}', '1 `[*]` is for JSON arrays, which only columns hold'],
    ['{$x[*]}', '1 `[*]` is for JSON arrays, which only columns hold'],
    ['{a |}', '4 no filter behind the `|`'],
    ['{a || lower}', '4 no filter behind the `|`'],
    ['{a | lower upper}', '5 `lower upper` is no filter'],
    ['{a | lower()x}', '5 `lower()x` is no filter'],
    ['{a | (1)}', '5 `(1)` is no filter'],
    ['{a | substring(1}', '5 `substring(1` is no filter'],
    ['{a | constructor}', '5 there is no filter `constructor`'],
    ['{a | Lower}', '5 there is no filter `Lower`'],
    ['{a | lower(1)}', '11 `lower` takes no more arguments'],
    ['{a | substring}', '5 `substring` needs its start'],
    ['{a | substring()}', '5 `substring` needs its start'],
    ['{a | substring("x")}', '15 the start of `substring` is a whole number'],
    ['{a | substring(1, 2, 3)}', '21 `substring` takes no more arguments'],
    ['{a | substring(1,)}', '17 an argument is missing'],
    ['{a | substring(1.5)}', '15 `1.5` is no argument'],
    ['{a | substring(0, 0)}', '18 a length must be at least 1'],
    ['{a | modulo(x)}', '12 `x` is no argument'],
    ['{a | modulo(99999999999999999999)}', '12 the number `99999999999999999999` is too large'],
    ['{a | modulo("16")}', '12 the divisor of `modulo` is a whole number'],
    ['{a | default}', '5 `default` needs its text'],
    ['{a | default(1)}', '13 the text of `default` is a text in quotes'],
    ['{a | default("")}', '13 the text for NULL cannot be empty: NULL and an empty value would share a key'],
    ['{a | default("x" "y")}', '16 something stands behind the closing quote'],
    ['{a | default("x)}', '13 a " is never closed'],
    ['{a | default("\\x")}', '14 an unknown escape'],
    ['{a | split("")}', '11 a separator cannot be empty'],
    ['{a | escape("")}', '12 there is no character to escape'],
    ['{a | escape(":a")}', '14 `a` cannot be escaped: escapes such as `%3A` are made of it'],
    ['{a | escape("\ud83d")}', '13 half a character cannot be escaped'],
    ['{a | date("")}', '10 this format has nothing of the date in it'],
    ['{a | date("%%")}', '11 this format has nothing of the date in it'],
    ['{a | date("%Y%")}', '13 a `%` without a letter'],
    ['{a | date("\\\\%z")}', '13 `%z` is no part of a date'],
    ['{a | json("a")}', '11 a JSON path begins with `$`'],
    ['{a | json("$.a.*")}', '14 this is no JSON path from here on'],
    ['{a | json("$[last]")}', '12 this is no JSON path from here on'],
    ['{a | json("$**.a")}', '12 this is no JSON path from here on'],
    ['{a | json("$.\\"\\\\q\\"")}', '12 the name in quotes is no JSON string'],
    ['{a | sha1 | json("$.a")}', '12 `json` reads a JSON document, and `sha1` gives none'],
    ['{a | split | json("$.a")}', '13 `json` reads a JSON document, and `split` gives none'],
    ['{@epoch | json("$.a")}', '10 `json` reads a JSON document, and it gives none'],
    ['{a | md5 | date("%Y")}', '11 `date` reads a date, and `md5` gives none'],
    ['{a | crc32 | date("%Y")}', '13 `date` reads a date, and `crc32` gives none'],
    ['{a | hex | substring(0, 2) | modulo(4)}', '29 `modulo` reads a whole number, and `substring` gives none'],
    ['{a[*] | split}', '8 `split` makes a list of what is a list already'],
    ['{a | split | split(";")}', '13 `split` makes a list of what is a list already'],
    ['{a[*] | json("$.b[*]")}', '8 `json` makes a list of what is a list already'],
  ])('%s is refused', (text, expected) => {
    expect(problems(parseTemplate, text)).toEqual([expected]);
    expect(remedies(text).every((remedy) => remedy.length > 10)).toBe(true);
  });

  it.each([
    ['{a | lowr}', 'Did you mean `lower`?'],
    ['{a | Lower}', 'Did you mean `lower`?'],
    ['{a | substr(1)}', 'Did you mean `substring`?'],
    ['{a | mod(2)}', 'Did you mean `modulo`?'],
    ['{a | zzzzzzzz}', 'There are lower, upper, trim, '],
    ['{@tabel}', 'Did you mean `@table`?'],
    ['{@x}', 'There are {@table}, {@database} and {@epoch}.'],
    ['{tags[0]}', 'json("$[0]")'],
    ['{a | substring}', 'It is written `substring(start[, length])`.'],
    ['{a | split(1)}', 'It is written `split(["separator"])`.'],
    ['{before.id}', 'Write the column alone'],
  ])('%s is refused with what to write', (text, remedy) => {
    expect(remedies(text)[0]).toContain(remedy);
  });

  it.each([
    'a:{id}',
    '{{x}}:{`odd name`}',
    'plain',
    '{$a}:{$1}:{@table}:{@database}:{@epoch}',
    'a:{tags[*] | json("$.id") | default("none")}',
    'a:{lookup.id | substring(0, 8)}{lookup.`x y`}',
    'a:{`$x` | escape(":\\\\\\"")}',
    'a:{x | split("\\n\\t")}',
  ])('%s prints as it was written', (text) => {
    expect(printTemplate(template(text))).toBe(text);
  });
});

describe('what a template uses', () => {
  const text = 'a:{id}:{lookup.x | lower}:{$1}:{tags[*] | sha1}:{$p}';

  it('is listed with its places', () => {
    expect(templateColumns(template(text)).map(({ column, at }) => [column, at])).toEqual([
      ['id', 3],
      ['tags', 32],
    ]);
    expect(templateLookups(template(text))).toEqual([{ name: 'x', at: 8 }]);
    expect(templateVariables(template(text))).toEqual([
      { name: '1', at: 27 },
      { name: 'p', at: 49 },
    ]);
  });

  it('tells a list, and the epoch', () => {
    expect(isListTemplate(template('a:{id}'))).toBe(false);
    for (const list of ['{tags[*]}', '{a | split}', '{a | json("$[*].b")}']) {
      expect(isListTemplate(template(`a:${list}`))).toBe(true);
    }
    expect([usesEpoch(template('a:{@epoch}')), usesEpoch(template('a:{epoch}'))]).toEqual([true, false]);
  });

  it.each([
    ['{a}', []],
    ['{a | sha1}', ['bounded']],
    ['{a | crc32 | hex}', ['bounded']],
    ['{a | substring(3)}', []],
    ['{a | substring(0, 3)}', ['bounded']],
    ['{a | modulo(3) | default("x")}', ['bounded', 'no null']],
    ['{a | date("%Y")}', ['bounded']],
    ['{a | trim | lower}', []],
  ])('of %s the value is %j', (text, expected) => {
    const [column] = templateColumns(template(`k:${text}`));
    const found = column && [...(isBounded(column) ? ['bounded'] : []), ...(replacesNull(column) ? ['no null'] : [])];
    expect(found).toEqual(expected);
  });
});
