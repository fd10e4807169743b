import type { TypeCase } from './type-case.ts';

const ALL_BYTES = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0')).join('');
/** Sets with one byte per character: what each byte means. */
const SMALL_SETS = [
  'armscii8', 'cp1250', 'cp1251', 'cp1256', 'cp1257', 'cp850', 'cp852', 'cp866', 'dec8', 'geostd8', 'greek', 'hebrew', 'hp8', 'keybcs2',
  'koi8r', 'koi8u', 'latin1', 'latin2', 'latin5', 'latin7', 'macce', 'macroman', 'swe7', 'tis620',
]; // prettier-ignore
/** Others: characters of each length, and those that other tables have elsewhere. */
const LARGE_SETS: readonly (readonly [string, string])[] = [
  ['big5', '61a440a145a14ea1c2a1e3a1f2a244f9d6'],
  ['cp932', '615cb1939c96b8815f8160817cfa40f0408754'],
  ['euckr', '61b0a18141c8fe8abc'],
  ['eucjpms', '618ea1c6fccbdca1c1ada1f5a18fa2b7'],
  ['gb2312', '61d6d0a1a4a1aa'],
  ['gbk', '61d6d08140a1a4fe4fa996'],
  ['sjis', '615cb193fa967b815f816081618191'],
  ['ujis', '618ea1c6fccbdca1c1a1c0f5a18fa2b7'],
];
const EVERYWHERE = "'aä€'";
const BEYOND = "'aä😀'";

const of = (set: string, values: readonly string[], type = 'VARCHAR(300)'): TypeCase => ({
  type: `${type} CHARACTER SET ${set}`,
  values,
});

/** Every character set that the servers list, and every kind of column that has one. */
export const CHARSET_CASES: readonly TypeCase[] = [
  ...SMALL_SETS.map((set) => of(set, [`x'${ALL_BYTES}'`, "''"])),
  ...LARGE_SETS.map(([set, bytes]) => of(set, [`x'${bytes}'`, "''"])),
  { ...of('gb18030', ["x'61d6d08140a3a0fe598130813095328236'"]), on: 'mysql' },
  of('ascii', ["'plain'", "x'007f'"], 'TEXT'),
  of('ucs2', [EVERYWHERE, "''"]),
  of('utf16', [BEYOND]),
  of('utf16le', [BEYOND], 'CHAR(20)'),
  of('utf32', [BEYOND], 'TEXT'),
  of('utf8mb3', [EVERYWHERE]),
  of('utf8mb4', [BEYOND, "'e\u0301 é'"]),
  { ...of('binary', ["'ab'", "x'00ff'"]), equals: 'LOWER(HEX(c))' },
  of('utf16', ["'ж'"], "ENUM('é','ж')"),
  of('sjis', ["'日'", "'ソ'"], "ENUM('日','ソ')"),
  of('latin1', ["'é,ü'"], "SET('é','ü')"),
  of('utf32', ["'é,😀'"], "SET('é','😀')"),
  of('gbk', ["'中文'"], 'MEDIUMTEXT'),
  of('big5', ["'中文'"], 'CHAR(10)'),
];
