import { rule, type WrongFile } from './wrong-file.ts';

const when = (condition: string): string => rule(`when: ${condition}`);

export const conditions: readonly WrongFile[] = [
  {
    title: 'an empty condition',
    text: when('""'),
    problems: ['3:12 `rules[0].when`: a condition cannot be empty'],
    editor: true,
  },
  {
    title: 'a condition that is no text',
    text: when('true'),
    problems: ['3:11 `rules[0].when`: expected text, not `true`'],
    editor: true,
  },
  {
    title: 'a condition that ends too early',
    text: when('op =='),
    problems: ['3:16 `rules[0].when`: the expression ends too early'],
    editor: false,
  },
  {
    title: 'a text that is never closed',
    text: when(`op == 'insert`),
    problems: ['3:17 `rules[0].when`: unterminated string'],
    editor: false,
  },
  {
    title: 'two equal signs too few',
    text: when(`after.a = 'b'`),
    problems: ['3:19 `rules[0].when`: CEL has no `=`'],
    editor: false,
  },
  {
    title: 'the AND of SQL',
    text: when(`after.a == 1 AND op == 'insert'`),
    problems: ['3:24 `rules[0].when`: CEL has no `AND`'],
    editor: false,
  },
  {
    title: 'a condition over two lines',
    text: rule(`when: |\n  op == 'insert' &&\n  befor.a == 1`),
    problems: ['5:7 `rules[0].when`: unknown variable `befor`'],
    editor: false,
  },
  {
    title: 'the <> of SQL',
    text: when(`op <> 'insert'`),
    problems: ['3:14 `rules[0].when`: CEL has no `<>`'],
    editor: false,
  },
  {
    title: 'an unknown variable',
    text: when('old.price == 1'),
    problems: ['3:11 `rules[0].when`: unknown variable `old`'],
    editor: false,
  },
  {
    title: 'a column without its image',
    text: when('price > 1 || befor.a == 1'),
    problems: ['3:11 `rules[0].when`: unknown variable `price`', '3:24 `rules[0].when`: unknown variable `befor`'],
    editor: false,
  },
  {
    title: 'an image without a column',
    text: when('before != after'),
    problems: [
      '3:11 `rules[0].when`: `before` is used without a column',
      '3:21 `rules[0].when`: `after` is used without a column',
    ],
    editor: false,
  },
  {
    title: 'a column that is computed',
    text: when('after[op] == 1'),
    problems: ['3:17 `rules[0].when`: a column can only be named by a text'],
    editor: false,
  },
  {
    title: 'an operation that does not exist',
    text: when(`op == 'inserted' || op in ['delete', 'updated']`),
    problems: ['3:17 `rules[0].when`: `op` is never `inserted`', '3:48 `rules[0].when`: `op` is never `updated`'],
    editor: false,
  },
  {
    title: 'a column as a truth',
    text: when(`after.active && op == 'insert'`),
    problems: ['3:11 `rules[0].when`: a column is neither true nor false'],
    editor: false,
  },
  {
    title: 'a number as a condition',
    text: when('size(op)'),
    problems: ['3:11 `rules[0].when`: gives neither true nor false'],
    editor: false,
  },
  {
    title: 'a condition that is always the same',
    text: when('1 == 1'),
    problems: ['3:11 `rules[0].when`: is the same for every row'],
    editor: false,
  },
  {
    title: 'an unknown function',
    text: when(`after.a.startWith('b') || lenght(after.a) > 1`),
    problems: [
      '3:19 `rules[0].when`: there is no function `startWith`',
      '3:37 `rules[0].when`: there is no function `lenght`',
    ],
    editor: false,
  },
  {
    title: 'types that do not fit',
    text: when('op > 3'),
    problems: ['3:11 `rules[0].when`: no such overload: string > int'],
    editor: false,
  },
  {
    title: 'has of a column',
    text: when('has(after.a)'),
    problems: ['3:11 `rules[0].when`: every row has the column: `has` is always true here'],
    editor: false,
  },
  {
    title: 'matches with a computed pattern',
    text: when('after.a.matches(after.b)'),
    problems: ['3:27 `rules[0].when`: `matches` takes a text, nothing that is computed'],
    editor: false,
  },
  {
    title: 'matches with a pattern that is none',
    text: when(`after.a.matches('(')`),
    problems: ['3:27 `rules[0].when`: Invalid regular expression: /(/: Unterminated group'],
    editor: false,
  },
  {
    title: 'matches with a pattern that backtracks without end',
    text: when(`after.a.matches('^(a+)+$')`),
    problems: [
      '3:27 `rules[0].when`: this part can be read in several ways, and with each character of a text their number multiplies',
    ],
    editor: false,
  },
  {
    title: 'matches with a pattern that is slow anywhere in a text',
    text: when(`after.a.matches('[a-z]+x')`),
    problems: ['3:27 `rules[0].when`: with some texts of 4096 characters this takes more than 3,000,000 steps'],
    editor: false,
  },
  {
    title: 'too many loops',
    text: when('after.a.all(x, x.all(y, y.all(z, z == 1)))'),
    problems: ['3:37 `rules[0].when`: more than 2 loops inside each other'],
    editor: false,
  },
  {
    title: 'a loop over a name that is taken',
    text: when('after.a.all(op, op == 1)'),
    problems: ['3:23 `rules[0].when`: `op` already has a meaning'],
    editor: false,
  },
  {
    title: 'a condition nested too deep',
    text: when(`${'('.repeat(50)}op == 'insert'${')'.repeat(50)}`),
    problems: ['3:43 `rules[0].when`: this is too large for a condition'],
    editor: false,
  },
  {
    title: 'a condition of 5,000 characters',
    text: when(`op != "${'x'.repeat(5000)}"`),
    problems: ['3:4107 `rules[0].when`: longer than 4096 characters'],
    editor: false,
  },
];
