import { rule, type WrongFile } from './wrong-file.ts';

const query = (text: string): string => rule(`action: {refresh: {query: ${text}}}`);
const lookup = (options: string): string => rule(`lookup: {${options}}\nkeys: ["a:{lookup.x}"]`);

/** Queries of refreshes and lookups. */
export const queries: readonly WrongFile[] = [
  {
    title: 'a query that writes',
    text: query('DELETE FROM x'),
    problems: ['3:31 `rules[0].action.refresh.query`: this is no SELECT'],
    editor: false,
  },
  {
    title: 'a query of two statements',
    text: query('"SELECT 1; DROP TABLE x"'),
    problems: [
      '3:40 `rules[0].action.refresh.query`: a `;` separates statements',
      '3:42 `rules[0].action.refresh.query`: DROP has no place in it',
    ],
    editor: false,
  },
  {
    title: 'a query that writes a file',
    text: query(`"SELECT 1 INTO OUTFILE '/x'"`),
    problems: ['3:41 `rules[0].action.refresh.query`: INTO has no place in it'],
    editor: false,
  },
  {
    title: 'a query with a question mark',
    text: query('"SELECT 1 WHERE id = ?"'),
    problems: ['3:52 `rules[0].action.refresh.query`: a `?` names no column'],
    editor: false,
  },
  {
    title: 'a query with a comment that is executed',
    text: query('"SELECT 1 /*! FOR UPDATE */"'),
    problems: [
      '3:41 `rules[0].action.refresh.query`: a `/*! … */` comment is executed',
      '3:49 `rules[0].action.refresh.query`: UPDATE has no place in it',
    ],
    editor: false,
  },
  {
    title: 'a query with a quote that never ends',
    text: query(`"SELECT 'a"`),
    problems: ['3:39 `rules[0].action.refresh.query`: this never ends'],
    editor: false,
  },
  {
    title: 'a query with a value spliced in',
    text: query('"SELECT * FROM x WHERE id = {id}"'),
    problems: ['3:59 `rules[0].action.refresh.query`: a `{` fills nothing in here'],
    editor: false,
  },
  {
    title: 'a query with the environment spliced in',
    text: query('"SELECT * FROM ${TABLE} WHERE id = :id"'),
    problems: ['3:47 `rules[0].action.refresh.query`: a `{` fills nothing in here'],
    editor: false,
  },
  {
    title: 'an empty query',
    text: query('""'),
    problems: ['3:32 `rules[0].action.refresh.query`: this is no SELECT'],
    editor: false,
  },
  {
    title: 'a query over lines',
    text: rule('action:\n  refresh:\n    query: |\n      SELECT id\n      FROM t WHERE id = :id;'),
    problems: ['7:32 `rules[0].action.refresh.query`: a `;` separates statements'],
    editor: false,
  },
  {
    title: 'a lookup that nothing uses',
    text: rule('lookup: {query: "SELECT 1 WHERE :id", tables: [a.b]}'),
    problems: ['3:5 `rules[0].lookup`: nothing uses what it finds'],
    editor: false,
  },
  {
    title: 'a use of a lookup that is not there',
    text: rule('keys: ["a:{lookup.x}"]\npartition_key: "{lookup.y}"'),
    problems: [
      '3:16 `rules[0].keys[0]`: `lookup.x` needs a `lookup`, and the rule has none',
      '4:22 `rules[0].partition_key`: `lookup.y` needs a `lookup`, and the rule has none',
    ],
    editor: false,
  },
  {
    title: 'a lookup that is a text',
    text: rule('lookup: SELECT 1\nkeys: ["a:{lookup.x}"]'),
    problems: ['3:13 `rules[0].lookup`: expected a mapping, not text'],
    editor: true,
  },
  {
    title: 'a lookup without its query and tables',
    text: lookup('cache: 0'),
    problems: ['3:13 `rules[0].lookup.query` is missing', '3:13 `rules[0].lookup.tables` is missing'],
    editor: true,
  },
  {
    title: 'a lookup without parameters',
    text: lookup(`query: "SELECT x FROM t WHERE id = ':id'", tables: [a.t]`),
    problems: ['3:22 `rules[0].lookup.query`: names no column of the changed row'],
    editor: false,
  },
  {
    title: 'a lookup with a value spliced in',
    text: lookup('query: "SELECT x FROM t WHERE id = {id} AND a = :a", tables: [a.t]'),
    problems: ['3:49 `rules[0].lookup.query`: a `{` fills nothing in here'],
    editor: false,
  },
  {
    title: 'a lookup that writes',
    text: lookup('query: "UPDATE t SET x = :x", tables: [a.t]'),
    problems: ['3:22 `rules[0].lookup.query`: this is no SELECT'],
    editor: false,
  },
  {
    title: 'a lookup of no tables',
    text: lookup('query: "SELECT :id", tables: []'),
    problems: ['3:43 `rules[0].lookup.tables`: name at least one table'],
    editor: true,
  },
  {
    title: 'a lookup with a wrong table',
    text: lookup('query: "SELECT :id", tables: [orders]'),
    problems: ['3:44 `rules[0].lookup.tables[0]`: the database is missing'],
    editor: true,
  },
  {
    title: 'a lookup with a cache below nothing',
    text: lookup('query: "SELECT :id", tables: [a.t], cache: -1'),
    problems: ['3:57 `rules[0].lookup.cache`: must be a whole number from 0 to 1000000'],
    editor: true,
  },
  {
    title: 'a lookup with a timeout without a unit',
    text: lookup('query: "SELECT :id", tables: [a.t], timeout: 5'),
    problems: ['3:59 `rules[0].lookup.timeout`: `5` is no duration'],
    editor: true,
  },
  {
    title: 'a lookup with an unknown option',
    text: lookup('query: "SELECT :id", tables: [a.t], timout: 5s'),
    problems: ['3:50 unknown option `rules[0].lookup.timout`'],
    editor: true,
  },
  {
    title: 'a lookup in the keys of a table change',
    text: rule(
      'lookup: {query: "SELECT :id", tables: [a.t]}\nkeys: ["a:{lookup.x}"]\ntable_changes: {drop: {delete: ["a:{lookup.x}"]}}',
    ),
    problems: ['5:41 `rules[0].table_changes.drop.delete[0]`: a table change has no row, so its keys have no columns'],
    editor: false,
  },
];
