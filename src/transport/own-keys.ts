import type { Invalidation } from '../model/invalidation.ts';
import { ShapeError } from './json-shape.ts';

/** Versions, checkpoints, epochs: whoever may write to the topic must not reach them, except to raise a table's own epoch. */
export const OWN_PREFIX = 'sluice:';

/** What a flush's pattern says of its keys: a class (`[a-z]`, also one that never ends) says less than any rule makes. */
const PIECES = /\\[\s\S]?|\[(?:\\[\s\S]|[^\]\\])*\]?|[\s\S]/gu;

/**
 * Throws a ShapeError for a key that no rule can give: one of Sluice's own, or the pattern of a flush that is not told apart
 * from all other keys by any fixed text.
 */
export function checkKey({ action, key, origin }: Pick<Invalidation, 'action' | 'key' | 'origin'>): void {
  if (action === 'epoch') {
    const expected = `${OWN_PREFIX}epoch:${origin.database}.${origin.table}`;
    if (key !== expected) throw new ShapeError(`the key of this epoch is not "${shown(expected)}" but "${shown(key)}"`);
    return;
  }
  const pieces = action === 'flush' ? (key.match(PIECES) ?? []) : null;
  const beginning = pieces === null ? key : fixedBeginning(pieces);
  if (beginning.startsWith(OWN_PREFIX)) {
    const what = action === 'flush' ? 'the pattern' : 'the key';
    throw new ShapeError(`${what} "${shown(key)}" begins with ${OWN_PREFIX}, which is not for a ${action}`);
  }
  if (pieces?.every(isWild) === true) throw new ShapeError(`the pattern "${shown(key)}" has no fixed text`);
}

function fixedBeginning(pieces: readonly string[]): string {
  const wild = pieces.findIndex(isWild);
  return pieces
    .slice(0, wild < 0 ? undefined : wild)
    .map(plain)
    .join('');
}

const isWild = (piece: string): boolean => piece === '*' || piece === '?' || piece.startsWith('[');

const plain = (piece: string): string => (piece.length > 1 && piece.startsWith('\\') ? piece.slice(1) : piece);

const shown = (text: string): string => text.slice(0, 100);
