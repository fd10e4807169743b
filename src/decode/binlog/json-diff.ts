import { Cursor } from './cursor.ts';
import { parseJsonBinary } from './json-binary.ts';
import { withMember, type JsonNode } from './json-node.ts';

/**
 * What a partial update changed in a document: an operation (1 byte), a path, and but for "remove" a value, both behind their length.
 * Source: MySQL source code documentation, class Json_diff_vector; WL#2955.
 */
const REPLACE = 0;
const INSERT = 1;
const REMOVE = 2;

/** A member, an element, or one counted from the end. */
type Step = string | number | { readonly fromLast: number };

/** The document after the changes. Throws when they do not fit it. */
export function applyJsonDiffs(document: JsonNode, bytes: Buffer, from: number, to: number): JsonNode {
  const cursor = new Cursor(bytes, from, to);
  let root = document;
  while (cursor.left > 0) {
    const operation = cursor.byte();
    const path = stepsOf(cursor.text(cursor.packed()));
    if (operation > REMOVE) throw new Error(`a change of a JSON document of kind ${operation}`);
    const value = operation === REMOVE ? null : valueOf(cursor);
    const last = path.pop();
    if (last === undefined) {
      if (operation !== REPLACE || value === null) throw misfit();
      root = value;
    } else change(parentOf(root, path), last, operation, value);
  }
  return root;
}

function valueOf(cursor: Cursor): JsonNode {
  const length = cursor.packed();
  const from = cursor.skip(length);
  return parseJsonBinary(cursor.bytes, from, from + length);
}

function parentOf(root: JsonNode, path: readonly Step[]): JsonNode {
  let node: JsonNode | undefined = root;
  for (const step of path) {
    if (Array.isArray(node) && typeof step !== 'string') node = node[placeOf(step, node)];
    else if (node instanceof Map && typeof step === 'string') node = node.get(step);
    else node = undefined;
    if (node === undefined) throw misfit();
  }
  return node;
}

/** Negative: before the first one. */
function placeOf(step: Exclude<Step, string>, { length }: readonly JsonNode[]): number {
  return typeof step === 'number' ? step : length - 1 - step.fromLast;
}

function change(parent: JsonNode, step: Step, operation: number, value: JsonNode | null): void {
  if (Array.isArray(parent) && typeof step !== 'string') {
    const place = placeOf(step, parent);
    // What is inserted before the first one or behind the last one becomes the first or the last.
    if (operation === INSERT && value !== null) parent.splice(Math.max(place, 0), 0, value);
    else if (parent[place] === undefined) throw misfit();
    else if (value === null) parent.splice(place, 1);
    else parent[place] = value;
  } else if (parent instanceof Map && typeof step === 'string') {
    if ((operation === INSERT) === parent.has(step)) throw misfit();
    if (value === null) parent.delete(step);
    else withMember(parent, step, value);
  } else throw misfit();
}

const misfit = (): Error => new Error('a change of a JSON document that the row before it does not have');

/** `$`, `.name`, `."any name"`, `[7]`, `[last]`, `[last-7]`: as the statement had it, and no wildcards. */
function stepsOf(path: string): Step[] {
  const steps: Step[] = [];
  const pattern = /\.("(?:[^"\\]|\\.)*"|[^.["\s]+)|\[(?:(\d+)|last(?:-(\d+))?)\]/y;
  if (!path.startsWith('$')) throw misfit();
  for (pattern.lastIndex = 1; pattern.lastIndex < path.length;) {
    const step = pattern.exec(path);
    if (step === null) throw misfit();
    const [, name, index, fromLast = 0] = step;
    if (index !== undefined) steps.push(Number(index));
    else if (name === undefined) steps.push({ fromLast: Number(fromLast) });
    else steps.push(name.startsWith('"') ? (JSON.parse(name) as string) : name);
  }
  return steps;
}
