/**
 * Writes src/decode/binlog/charset-tables.ts anew from a MySQL and some MariaDB servers: which collation has which character set, what
 * each byte of the small sets means, and where the servers and iconv-lite differ in the large ones.
 * `npx tsx test/support/record-charsets.ts mysql://… mariadb://… mariadb://…`
 */
import { writeFile } from 'node:fs/promises';
import iconv from 'iconv-lite';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { LARGE_SETS } from '../../src/decode/binlog/charset-large.ts';

const [mysqlUrl = '', ...mariadbUrls] = process.argv.slice(2);
const OF_MARIADB =
  'SELECT ID AS id, CHARACTER_SET_NAME AS name FROM INFORMATION_SCHEMA.COLLATION_CHARACTER_SET_APPLICABILITY';
const COLLATIONS = [
  [mysqlUrl, 'SELECT ID AS id, CHARACTER_SET_NAME AS name FROM INFORMATION_SCHEMA.COLLATIONS'],
  ...mariadbUrls.map((url) => [url, OF_MARIADB] as const),
] as const; // prettier-ignore
const hex = (number: number, bytes: number): string => number.toString(16).padStart(2 * bytes, '0');

const idsOf = new Map<string, Set<number>>();
for (const [uri, sql] of COLLATIONS) {
  const connection = await createConnection({ uri });
  const [rows] = await connection.query<RowDataPacket[]>(sql);
  for (const row of rows) {
    const name = String(row['name']);
    idsOf.set(name, (idsOf.get(name) ?? new Set()).add(Number(row['id'])));
  }
  await connection.end();
}
const connection = await createConnection({ uri: mysqlUrl, charset: 'utf8mb4' });
const single: string[] = [];
const differences: string[] = [];
for (const name of [...idsOf.keys()].sort()) {
  if (/^(utf|ucs2|binary|ascii)/.test(name)) continue;
  if (name in LARGE_SETS) differences.push(`  ${name}: '${await differencesOf(connection, name)}',`);
  else single.push(`  ${name}: '${await upperHalf(connection, name)}',`);
}
await connection.end();
const collations = [...idsOf].map(([name, ids]) => `  ${name}: '${rangesOf([...ids])}',`).sort();
await writeFile(
  'src/decode/binlog/charset-tables.ts',
  `/** Made by test/support/record-charsets.ts from the servers themselves; do not edit. */

/** Ids of the collations of each character set, of MySQL 9.7, MariaDB 10.11 and 11.8. */
export const COLLATIONS: Readonly<Record<string, string>> = {
${collations.join('\n')}
};

/** The characters of the bytes from 80 (swe7: from 00) on, as hexadecimal code points; \`?\`: the servers have none. */
export const SINGLE_BYTE: Readonly<Record<string, string>> = {
${single.join('\n')}
};

/** Where the servers read a character otherwise than iconv-lite: first code, first character, and how many follow each other. */
export const DIFFERENCES: Readonly<Record<string, string>> = {
${differences.join('\n')}
};
`,
);

function rangesOf(ids: number[]): string {
  ids.sort((a, b) => a - b);
  const ranges: string[] = [];
  for (let at = 0; at < ids.length;) {
    let last = at;
    while (ids[last + 1] === (ids[last] ?? 0) + 1) last++;
    ranges.push(last === at ? `${ids[at]}` : `${ids[at]}-${ids[last]}`);
    at = last + 1;
  }
  return ranges.join(' ');
}

/** Code → text as the server converts it; codes that are no character of the set are left out. */
async function converted(connection: Connection, name: string, codes: readonly string[]): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (let from = 0; from < codes.length; from += 2000) {
    const parts = codes.slice(from, from + 2000).map((code) => `SELECT '${code}' AS code, HEX(CONVERT(CONVERT(x'${code}' USING ${name}) USING utf8mb4)) AS text`); // prettier-ignore
    const [rows] = await connection.query<RowDataPacket[]>(parts.join(' UNION ALL '));
    for (const row of rows) {
      if (row['text'] === null) continue;
      texts.set(String(row['code']), Buffer.from(String(row['text']), 'hex').toString());
    }
  }
  return texts;
}

async function upperHalf(connection: Connection, name: string): Promise<string> {
  const from = name === 'swe7' ? 0 : 0x80;
  const codes = Array.from({ length: 256 - from }, (_, index) => hex(index + from, 1));
  const texts = await converted(connection, name, codes);
  return codes.map((code) => (texts.get(code) === '?' && code !== '3f' ? '?' : (texts.get(code)?.codePointAt(0) ?? 63).toString(16))).join(' '); // prettier-ignore
}

async function differencesOf(connection: Connection, name: string): Promise<string> {
  const set = LARGE_SETS[name];
  if (set === undefined) throw new Error(name);
  const runs: { code: number; character: number; length: number }[] = [];
  const codes = [
    ...Array.from({ length: 256 }, (_, code) => hex(code, 1)),
    ...Array.from({ length: 0x8000 }, (_, index) => hex(0x8000 + index, 2)),
    ...(set.hasThreeBytes ? Array.from({ length: 0x8000 }, (_, index) => `8f${hex(0x8000 + index, 2)}`) : []),
  ];
  for (const [code, text] of await converted(connection, name, codes)) {
    if ([...text].length !== 1 || text === '?') continue;
    const bytes = Buffer.from(code, 'hex');
    if (set.lengthOf(bytes, 0) !== bytes.length || iconv.decode(bytes, set.encoding) === text) continue;
    const [number, character] = [Number.parseInt(code, 16), text.codePointAt(0) ?? 0];
    const last = runs.at(-1);
    if (last !== undefined && last.code === number - last.length && last.character === character - last.length)
      last.length++;
    else runs.push({ code: number, character, length: 1 });
  }
  return runs.map(({ code, character, length }) => `${code.toString(16)}=${character.toString(16)}${length > 1 ? `*${length}` : ''}`).join(' '); // prettier-ignore
}
