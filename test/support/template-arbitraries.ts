import fc from 'fast-check';
import type { KeyTemplate } from '../../src/rules/template/key-template.ts';
import type { FilterCall, Placeholder, TemplatePart, TemplateSource } from '../../src/rules/template/template-part.ts';
import { shapeMistakes } from '../../src/rules/template/template-shape.ts';

/** Characters that mean something in templates, keys, globs, JSON and percent escapes. */
export const nasty = fc.string({
  maxLength: 12,
  unit: fc.constantFrom(...'ab:%3A25,;{}[]*?^\\|`"\'$@. ', 'é', '😀', '\ud83d', '\n', '0'),
});
const nonEmpty = nasty.filter((text) => text !== '');

const literal = fc.string({
  minLength: 1,
  maxLength: 4,
  unit: fc.constantFrom('a', 'b', ':', '{', '}', '*', '?', '`', 'é', '[', '\\', '|', '"'),
});

const columnNames = fc.oneof(
  fc.constantFrom('id', 'a_b', 'ümlaut', '$x', 'lookup'),
  fc.string({ minLength: 1, maxLength: 5 }),
);

export const anySource: fc.Arbitrary<TemplateSource> = fc.oneof(
  { weight: 4, arbitrary: columnNames.map((name) => ({ kind: 'column' as const, name })) },
  columnNames.map((name) => ({ kind: 'lookup' as const, name })),
  fc.constantFrom('prefix', 'X_1', '1', '42').map((name) => ({ kind: 'variable' as const, name })),
  fc.constantFrom('table' as const, 'database' as const, 'epoch' as const).map((kind) => ({ kind })),
);

const call = (name: string, values: fc.Arbitrary<(string | number)[]> = fc.constant([])): fc.Arbitrary<FilterCall> =>
  values.map((args) => ({ name, values: args, at: 0 }));
const separators = fc.constantFrom(':', ';', '/', '::', '| ', 'é😀', '"\\');
const path = fc
  .array(fc.constantFrom('.a', '[0]', '."b c"', '[*]', '."\\u0061"'), { maxLength: 3 })
  .map((legs) => `$${legs.join('')}`);

export const filterCall: fc.Arbitrary<FilterCall> = fc.oneof(
  ...['lower', 'upper', 'trim', 'hex', 'base64', 'urlencode', 'escape', 'sha1', 'md5', 'crc32', 'split'].map((name) =>
    call(name),
  ),
  call(
    'escape',
    separators.map((text) => [text]),
  ),
  call(
    'split',
    nonEmpty.map((text) => [text]),
  ),
  call(
    'default',
    nonEmpty.map((text) => [text]),
  ),
  call(
    'json',
    path.map((text) => [text]),
  ),
  call(
    'modulo',
    fc.integer({ min: 1, max: 1000 }).map((by) => [by]),
  ),
  call(
    'substring',
    fc.nat(5).map((start) => [start]),
  ),
  call('substring', fc.tuple(fc.nat(5), fc.integer({ min: 1, max: 5 }))),
  call(
    'date',
    fc.constantFrom('%Y-%m-%d', '%y%%"\\', '%H').map((format) => [format]),
  ),
);

/** A placeholder that the parser would accept. */
export const placeholderOf = (source: fc.Arbitrary<TemplateSource>): fc.Arbitrary<Placeholder> =>
  fc
    .record({ source, at: fc.constant(0), spread: fc.boolean(), filters: fc.array(filterCall, { maxLength: 3 }) })
    .map((placeholder) => {
      // Fewer filters until they suit each other: nothing is thrown away.
      let fitting: Placeholder = placeholder;
      while (shapeMistakes(fitting).length > 0) {
        fitting = {
          ...fitting,
          spread: fitting.spread && fitting.filters.length > 0,
          filters: fitting.filters.slice(0, -1),
        };
      }
      return fitting;
    });

/** Fixed text never stands beside fixed text: the parser would make one part of it. */
export const templateOf = (source: fc.Arbitrary<TemplateSource>): fc.Arbitrary<KeyTemplate> =>
  fc.array(fc.oneof(literal, placeholderOf(source)), { maxLength: 5 }).map((parts: TemplatePart[]) => ({
    parts: parts.filter((part, i) => typeof part !== 'string' || typeof parts[i - 1] !== 'string'),
  }));
