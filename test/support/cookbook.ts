import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** A test file as it is written; `sluice test` reads the same. */
export interface CookbookFile {
  readonly name: string;
  readonly rules: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly tables: Readonly<Record<string, CookbookTable>>;
  readonly tests: readonly CookbookTest[];
}

export interface CookbookTable {
  readonly columns: Readonly<Record<string, string>>;
  readonly primary_key: readonly string[];
}

export type Values = Readonly<Record<string, unknown>>;

export interface CookbookChange {
  readonly table: string;
  readonly insert?: Values;
  readonly update?: { readonly before: Values; readonly after: Values };
  readonly delete?: Values;
  readonly truncate?: true;
  readonly drop?: true;
  readonly rename?: true;
  readonly alter?: true;
}

export type Expected = Readonly<
  Record<'delete' | 'refresh' | 'flush' | 'epoch' | 'dead_letter', string | undefined>
> & {
  readonly row?: Values | 'gone';
  readonly rule?: string;
  readonly reason?: string;
};

export interface CookbookTest {
  readonly epochs?: Readonly<Record<string, number>>;
  readonly name: string;
  readonly change?: CookbookChange;
  readonly transaction?: readonly CookbookChange[];
  readonly expect: readonly Expected[];
}

export const COOKBOOK = new URL('../../config/cookbook/', import.meta.url);

export const situations = (): string[] =>
  readdirSync(COOKBOOK)
    .filter((file) => file.endsWith('.yaml') && !file.endsWith('.test.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length))
    .sort();

/** The files speak of databases `shop` and `shop_12`; on a server that others use too, they get a name of their own. */
export function readSituation(name: string, database: string): CookbookFile {
  const read = (file: string): string =>
    readFileSync(new URL(file, COOKBOOK), 'utf8').replace(/\bshop(?=[._])/g, database);
  const tests = parse(read(`${name}.test.yaml`)) as Partial<CookbookFile>;
  return {
    name,
    rules: read(`${name}.yaml`),
    environment: tests.environment ?? {},
    tables: tests.tables ?? {},
    tests: tests.tests ?? [],
  };
}

/** What the audit trail must say, one line for each expectation, sorted. */
export const expectedLines = (expect: readonly Expected[]): string[] =>
  expect
    .flatMap((one) => {
      if (one.delete !== undefined) return [`delete ${one.delete}`];
      if (one.refresh !== undefined) return [`refresh ${one.refresh}`];
      if (one.flush !== undefined) return [`flush ${one.flush}`];
      return one.epoch === undefined ? [] : [`epoch sluice:epoch:${one.epoch}`];
    })
    .sort();
