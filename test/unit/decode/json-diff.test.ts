import { describe, expect, it } from 'vitest';
import { applyJsonDiffs } from '../../../src/decode/binlog/json-diff.ts';
import { jsonText, type JsonNode } from '../../../src/decode/binlog/json-node.ts';

const OPERATION = { replace: 0, insert: 1, remove: 2 } as const;
type Diff = readonly [keyof typeof OPERATION, path: string, value?: number];

/** A value is an INT16 of the log: its type, and two bytes behind their length. */
function bytesOf([operation, path, value]: Diff): Buffer {
  const head = Buffer.concat([Buffer.from([OPERATION[operation], path.length]), Buffer.from(path)]);
  return value === undefined ? head : Buffer.concat([head, Buffer.from([3, 5, value & 255, value >> 8])]);
}

function changed(document: JsonNode, ...diffs: Diff[]): string {
  const bytes = Buffer.concat(diffs.map(bytesOf));
  return jsonText(applyJsonDiffs(document, bytes, 0, bytes.length));
}

const list = (): JsonNode => ['1', '2', new Map([['a', ['3', '4']]])];

describe('an element counted from the end', () => {
  it('is that of the array as it stands when the change is applied', () => {
    expect(changed(list(), ['replace', '$[last-1]', 9])).toBe('[1, 9, {"a": [3, 4]}]');
    expect(changed(list(), ['replace', '$[last].a[last]', 9])).toBe('[1, 2, {"a": [3, 9]}]');
    expect(changed(list(), ['remove', '$[last]'], ['remove', '$[last]'])).toBe('[1]');
    expect(changed(list(), ['insert', '$[3]', 8], ['replace', '$[last]', 9])).toBe('[1, 2, {"a": [3, 4]}, 9]');
  });

  it('is inserted at the beginning where it would stand before it', () => {
    expect(changed(['1', '2'], ['insert', '$[last-2]', 9])).toBe('[9, 1, 2]');
    expect(changed(['1', '2'], ['insert', '$[last-70]', 9])).toBe('[9, 1, 2]');
    expect(changed([], ['insert', '$[last]', 9])).toBe('[9]');
  });
});

describe('a change that the document does not have is refused:', () => {
  it.each<[string, Diff]>([
    ['an element before the first one', ['replace', '$[last-3]', 9]],
    ['the removal of one', ['remove', '$[last-3]']],
    ['an element behind the last one', ['replace', '$[3]', 9]],
    ['something in one', ['replace', '$[last-3].a', 9]],
    ['a member of an array', ['replace', '$.last', 9]],
    ['an element of an object', ['replace', '$[2][last]', 9]],
    ['a new member that is there already', ['insert', '$[2].a', 9]],
    ['a wildcard', ['replace', '$[*]', 9]],
    ['a range', ['replace', '$[0 to last]', 9]],
    ['half a path', ['replace', '$[last-]', 9]],
    ['a path from nowhere', ['replace', '[0]', 9]],
  ])('%s', (_, diff) => {
    expect(() => changed(list(), diff)).toThrow(/does not have/);
  });
});
