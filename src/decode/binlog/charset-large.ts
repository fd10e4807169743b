/** A character set with characters of several bytes. */
export interface LargeSet {
  /** What iconv-lite calls the nearest one. */
  readonly encoding: string;
  readonly hasThreeBytes: boolean;
  /** Bytes of the character that begins there. */
  lengthOf(bytes: Buffer, at: number): number;
}

/** Two bytes when the first one is above ASCII. */
const pairs = (encoding: string): LargeSet => ({
  encoding,
  hasThreeBytes: false,
  lengthOf: (bytes, at) => ((bytes[at] ?? 0) > 0x80 ? 2 : 1),
});

/** Half-width kana have one byte. */
const shiftJis = (encoding: string): LargeSet => ({
  encoding,
  hasThreeBytes: false,
  lengthOf: (bytes, at) => {
    const first = bytes[at] ?? 0;
    return (first > 0x80 && first < 0xa0) || first >= 0xe0 ? 2 : 1;
  },
});

/** 8E announces half-width kana, 8F the characters of JIS X 0212. */
const eucJp: LargeSet = {
  encoding: 'eucjp',
  hasThreeBytes: true,
  lengthOf: (bytes, at) => {
    const first = bytes[at] ?? 0;
    if (first === 0x8f) return 3;
    return first === 0x8e || first > 0xa0 ? 2 : 1;
  },
};

/** Four bytes when the second one is a digit. */
const gb18030: LargeSet = {
  encoding: 'gb18030',
  hasThreeBytes: false,
  lengthOf: (bytes, at) => {
    if ((bytes[at] ?? 0) <= 0x80) return 1;
    const second = bytes[at + 1] ?? 0;
    return second >= 0x30 && second <= 0x39 ? 4 : 2;
  },
};

export const LARGE_SETS: Readonly<Record<string, LargeSet>> = {
  big5: pairs('big5'),
  cp932: shiftJis('cp932'),
  euckr: pairs('cp949'),
  eucjpms: eucJp,
  gb18030,
  gb2312: pairs('gbk'),
  gbk: pairs('gbk'),
  sjis: shiftJis('shiftjis'),
  ujis: eucJp,
};
