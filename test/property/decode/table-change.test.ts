import fc from 'fast-check';
import { expect, it } from 'vitest';
import { touchedTables, type TouchedTable } from '../../../src/decode/table-change.ts';

/** Words and signs that mean something somewhere in DDL. */
const PIECES =
  'TRUNCATE DROP RENAME ALTER CREATE OR REPLACE TABLE TABLES TEMPORARY IF NOT EXISTS TO AS ADD INDEX PARTITION EXCHANGE WITH ' +
  'COLUMN COMMENT ENGINE = , . ( ) ; ` " \' \\ /* */ /*! /*!50000 /*M! # -- a b `c`` d` "e" \'f\' \n 5 SET STATEMENT FOR DATABASE';

const statement = fc.oneof(
  fc.array(fc.constantFrom(...PIECES.split(' ')), { maxLength: 25 }).map((pieces) => pieces.join(' ')),
  fc.string({ unit: 'binary', maxLength: 60 }),
);

it('reads any text without failing, and finds nothing but tables', () => {
  fc.assert(
    fc.property(statement, (text) => {
      for (const { operation, database, table } of touchedTables(text, 'shop')) {
        expect(['truncate', 'drop', 'rename', 'alter']).toContain(operation);
        const isText = (name: unknown): boolean => typeof name === 'string' && name !== '';
        expect([database === null || isText(database), table === null || (database !== null && isText(table))]).toEqual(
          [true, true],
        );
      }
    }),
    { numRuns: 5_000 },
  );
});

const quoted = (name: string): string => `\`${name.replaceAll('`', '``')}\``;
/** U+FFFD stands for what could not be read, see `known`. */
const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 64 }).filter((text) => !text.includes('\ufffd'));
const noise = fc.constantFrom(' ', '  ', '\n', ' /* x, `y` */ ', ' -- , z\n', ' # , z\n');

it('finds every table by its name, whatever the name is made of', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(name, name), { minLength: 1, maxLength: 5 }), noise, (tables, gap) => {
      const list = tables.map(([database, table]) => `${quoted(database)}${gap}.${gap}${quoted(table)}`);
      const drop = touchedTables(`DROP${gap}TABLE IF EXISTS ${list.join(`${gap},${gap}`)} RESTRICT`, 'shop');
      const expected = tables.map(([database, table]): TouchedTable => ({ operation: 'drop', database, table }));
      expect(drop).toEqual(expected.filter((one, index) => index === expected.findIndex((other) => same(one, other))));
      const [first] = list;
      const [wanted] = tables;
      expect(touchedTables(`ALTER${gap}TABLE ${first}${gap}ADD c INT`, 'shop')).toEqual([
        { operation: 'alter', database: wanted?.[0], table: wanted?.[1] },
      ]);
    }),
    { numRuns: 2_000 },
  );
});

const same = (one: TouchedTable, other: TouchedTable): boolean =>
  one.database === other.database && one.table === other.table;
