import { LineCounter, isMap, isScalar, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import type { Problem } from '../errors.ts';
import { didYouMean } from './did-you-mean.ts';

export type Path = readonly (string | number)[];

/** A parsed YAML file that can say where each of its values stands. Lines and columns count from 1. */
export class YamlDocument {
  readonly file: string;
  readonly #document: Document.Parsed;
  readonly #lines = new LineCounter();

  constructor(file: string, text: string) {
    this.file = file;
    // uniqueKeys (the default) makes a key given twice an error instead of the last one winning silently.
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
  }

  /** The value as plain JavaScript. Only meaningful when there are no syntax problems. */
  value(): unknown {
    return this.#document.toJS();
  }

  syntaxProblems(): Problem[] {
    return [...this.#document.errors, ...this.#document.warnings].map((error) => ({
      file: this.file,
      ...this.#place(error.pos[0]),
      message: `YAML: ${error.message}`,
      remedy: 'Mend the YAML at this place.',
    }));
  }

  /** A problem at the value of `path`, or at its nearest ancestor that exists; at the key with `at: 'key'`. */
  problem(path: Path, message: string, remedy: string, at: 'value' | 'key' = 'value'): Problem {
    return { file: this.file, ...this.locate(path, at), message, remedy };
  }

  locate(path: Path, at: 'value' | 'key' = 'value'): { line: number; column: number } {
    for (let length = path.length; length >= 0; length--) {
      const offset =
        at === 'key' && length > 0 ? this.#keyOffset(path.slice(0, length)) : this.#valueOffset(path.slice(0, length));
      if (offset !== undefined) return this.#place(offset);
    }
    return { line: 1, column: 1 };
  }

  #valueOffset(path: Path): number | undefined {
    const node: unknown = path.length === 0 ? this.#document.contents : this.#document.getIn(path, true);
    return (node as { range?: [number, number, number] | null } | null | undefined)?.range?.[0];
  }

  #keyOffset(path: Path): number | undefined {
    const parent: unknown = path.length === 1 ? this.#document.contents : this.#document.getIn(path.slice(0, -1), true);
    const name = path.at(-1);
    if (!isMap(parent)) return this.#valueOffset(path);
    const pair = parent.items.find((item) => (isScalar(item.key) ? item.key.value : item.key) === name);
    return isScalar(pair?.key) ? pair.key.range?.[0] : undefined;
  }

  #place(offset: number): { line: number; column: number } {
    const { line, col } = this.#lines.linePos(offset);
    return { line, column: col };
  }
}

/** Checks `value` (the document's, perhaps with overrides) against a schema; every issue becomes a located problem. */
export function validate<S extends z.ZodType>(
  schema: S,
  document: YamlDocument,
  value: unknown,
): { ok: true; value: z.output<S> } | { ok: false; problems: Problem[] } {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return { ok: true, value: result.data };
  return { ok: false, problems: result.error.issues.flatMap((issue) => issueProblems(issue, document)) };
}

function issueProblems(issue: z.core.$ZodIssue, document: YamlDocument): Problem[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  const name = path.length === 0 ? 'the document' : `\`${formatPath(path)}\``;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) =>
      document.problem(
        [...path, key],
        `unknown option \`${formatPath([...path, key])}\``,
        didYouMean(key, knownKeys(issue)) ?? 'Remove it; docs/configuration.md and docs/rules.md list every option.',
        'key',
      ),
    );
  }
  // A union reports each branch; the branch that got furthest is the one the author meant.
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const best = [...issue.errors].sort((a, b) => depth(b) - depth(a) || a.length - b.length)[0] ?? [];
    if (depth(best) > 0) {
      return best.flatMap((inner) => issueProblems({ ...inner, path: [...issue.path, ...inner.path] }, document));
    }
  }
  const missing = issue.code === 'invalid_type' && issue.input === undefined;
  const message = missing ? `${name} is missing` : `${name}: ${issue.message}`;
  return [document.problem(path, message, missing ? `Add it: ${issue.message}.` : 'Correct the value.')];
}

const depth = (issues: readonly z.core.$ZodIssue[]): number =>
  Math.max(0, ...issues.map((issue) => issue.path.length + (issue.code === 'unrecognized_keys' ? 1 : 0)));

function knownKeys(issue: z.core.$ZodIssue): readonly string[] {
  const inst = (issue as { inst?: { _zod?: { def?: { shape?: Record<string, unknown> } } } }).inst;
  return Object.keys(inst?._zod?.def?.shape ?? {});
}

export function formatPath(path: Path): string {
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`),
    '',
  );
}
