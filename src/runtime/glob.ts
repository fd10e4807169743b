/** Linear-time glob: on a mismatch go back to the last star only, so no pattern can make it explode. */
export function matchesGlob(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let mark = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++mark;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/** One character, any one character, or any run of them. */
type Token = { readonly character: string } | 'one' | 'run';

/** Whether some text matches the glob (as in `matchesGlob`) and the pattern of a flush (in Redis' glob syntax) as well. */
export function meetsFlushPattern(glob: string, flushPattern: string): boolean {
  const a = [...glob].map(plainToken);
  const b = flushTokens(flushPattern);
  // From the ends to the beginnings: `row[j]` says whether the rest of `a` from i and the rest of `b` from j can be one text.
  let below: boolean[] = [];
  for (let i = a.length; i >= 0; i--) {
    const row: boolean[] = [];
    for (let j = b.length; j >= 0; j--) row[j] = canMeet(a[i], b[j], row[j + 1], below[j], below[j + 1]);
    below = row;
  }
  return below[0] ?? false;
}

function canMeet(
  a: Token | undefined,
  b: Token | undefined,
  afterB: boolean | undefined,
  afterA: boolean | undefined,
  afterBoth: boolean | undefined,
): boolean {
  if (a === undefined && b === undefined) return true;
  // A run takes nothing, or what stands on the other side, which stays where it is.
  if (a === 'run' || b === 'run') return (afterA ?? false) || (afterB ?? false);
  if (a === undefined || b === undefined) return false;
  return (a === 'one' || b === 'one' || a.character === b.character) && (afterBoth ?? false);
}

const plainToken = (character: string): Token =>
  character === '*' ? 'run' : character === '?' ? 'one' : { character };

/** A class (`[a-z]`) counts as any one character: rules make none. */
function flushTokens(pattern: string): Token[] {
  const pieces = pattern.match(/\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]|[\s\S]/gu) ?? [];
  return pieces.map((piece) => {
    if (piece.length > 1 && piece.startsWith('\\')) return { character: piece.slice(1) };
    if (piece.length > 1 && piece.startsWith('[')) return 'one';
    return plainToken(piece);
  });
}
