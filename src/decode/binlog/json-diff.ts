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

type Step = string | number;

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
    if (Array.isArray(node) && typeof step === 'number') node = node[step];
    else if (node instanceof Map && typeof step === 'string') node = node.get(step);
    else node = undefined;
    if (node === undefined) throw misfit();
  }
  return node;
}

function change(parent: JsonNode, step: Step, operation: number, value: JsonNode | null): void {
  if (Array.isArray(parent) && typeof step === 'number') {
    if (operation === INSERT && value !== null) parent.splice(Math.min(step, parent.length), 0, value);
    else if (step >= parent.length) throw misfit();
    else if (value === null) parent.splice(step, 1);
    else parent[step] = value;
  } else if (parent instanceof Map && typeof step === 'string') {
    if (operation !== INSERT && !parent.has(step)) throw misfit();
    if (value === null) parent.delete(step);
    else withMember(parent, step, value);
  } else throw misfit();
}

const misfit = (): Error => new Error('a change of a JSON document that the row before it does not have');

/** `$`, `.name`, `."any name"`, `[7]`: the server writes no wildcards here. */
function stepsOf(path: string): Step[] {
  const steps: Step[] = [];
  const pattern = /\.("(?:[^"\\]|\\.)*"|[^.["\s]+)|\[(\d+)\]/y;
  if (!path.startsWith('$')) throw misfit();
  for (pattern.lastIndex = 1; pattern.lastIndex < path.length;) {
    const [, name, index] = pattern.exec(path) ?? [];
    if (index !== undefined) steps.push(Number(index));
    else if (name === undefined) throw misfit();
    else steps.push(name.startsWith('"') ? (JSON.parse(name) as string) : name);
  }
  return steps;
}
