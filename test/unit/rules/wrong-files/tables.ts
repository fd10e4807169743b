import { rule, type WrongFile } from './wrong-file.ts';

/** Table names, globs and regular expressions. */
export const tables: readonly WrongFile[] = [
  {
    title: 'a table without its database',
    text: rule('table: products'),
    problems: ['3:12 `rules[0].table`: the database is missing'],
    editor: true,
  },
  {
    title: 'a database without a table',
    text: rule('table: "shop."'),
    problems: ['3:17 `rules[0].table`: the table after the dot is missing'],
    editor: true,
  },
  {
    title: 'a table without a database before the dot',
    text: rule('table: ".products"'),
    problems: ['3:13 `rules[0].table`: the database before the dot is missing'],
    editor: true,
  },
  { title: 'two dots', text: rule('table: a.b.c'), problems: ['3:15 `rules[0].table`: a second dot'], editor: true },
  {
    title: 'two tables in one text',
    text: rule('table: "a.b, a.c"'),
    problems: ['3:17 `rules[0].table`: no spaces or backticks here'],
    editor: true,
  },
  {
    title: 'backticks',
    text: rule('table: "`a`.`b`"'),
    problems: ['3:13 `rules[0].table`: no spaces or backticks here'],
    editor: true,
  },
  {
    title: 'a glob of another kind',
    text: rule('table: "shop_[0-9].orders"'),
    problems: ['3:18 `rules[0].table`: `[` is no wildcard; there are only `*` and `?`'],
    editor: true,
  },
  {
    title: 'no table',
    text: rule('table: []'),
    problems: ['3:12 `rules[0].table`: name at least one table'],
    editor: true,
  },
  {
    title: 'a table that is a mapping',
    text: rule('table: {shop: orders}'),
    problems: ['3:12 `rules[0].table`: expected text or a list, not a mapping'],
    editor: true,
  },
  {
    title: 'a regular expression that is never closed',
    text: rule(`table: '/shop\\.orders'`),
    problems: ['3:13 `rules[0].table`: the regular expression is never closed'],
    editor: true,
  },
  {
    title: 'a regular expression with an unknown flag',
    text: rule(`table: '/shop\\.orders/g'`),
    problems: ['3:27 `rules[0].table`: unknown flag `g`'],
    editor: true,
  },
  {
    title: 'a regular expression that is none',
    text: rule(`table: '/shop_(\\d+\\.orders/'`),
    problems: ['3:14 `rules[0].table`: Invalid regular expression: /shop_(\\d+\\.orders/: Unterminated group'],
    editor: false,
  },
  {
    title: 'a regular expression that backtracks without end',
    text: rule(`table: '/(a+)+\\.b/'`),
    problems: [
      '3:15 `rules[0].table`: this part can be read in several ways, and with each character of a text their number multiplies',
    ],
    editor: false,
  },
  {
    title: 'a regular expression with two ways for every letter',
    text: rule(`table: '/shop\\.(o|or|r)+s/'`),
    problems: [
      '3:20 `rules[0].table`: this part can be read in several ways, and with each character of a text their number multiplies',
    ],
    editor: false,
  },
  {
    title: 'a regular expression with a backreference',
    text: rule(`table: '/(a+)\\.\\1/'`),
    problems: ['3:20 `rules[0].table`: a backreference: nobody can tell how long it takes'],
    editor: false,
  },
  {
    title: 'a list with two wrong ones',
    text: rule(`table: [a.b, c, '/(/']`),
    problems: [
      '3:18 `rules[0].table[1]`: the database is missing',
      '3:23 `rules[0].table[2]`: Invalid regular expression: /(/: Unterminated group',
    ],
    editor: true,
  },
];
