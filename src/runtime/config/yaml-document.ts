import { isAlias, isCollection, isMap, isPair, isScalar, parseDocument, visit, type Document, type Node } from 'yaml';
import type { z } from 'zod';
import { errorMessage, type Problem } from '../errors.ts';
import { excerptOf } from './excerpt.ts';
import type { Path } from './path.ts';
import { scalarOffset } from './scalar-offset.ts';
import { schemaProblems } from './schema-problems.ts';
import { escapeControls, safeMessage } from './shown.ts';
import { notText, yamlMistake } from './yaml-mistake.ts';

export { formatPath, type Path } from './path.ts';

export interface Place {
  readonly line: number;
  readonly column: number;
}

const MAX_SYNTAX_PROBLEMS = 10;

/** A parsed YAML file that can say where each of its values stands. Lines and columns count from 1. */
export class YamlDocument {
  readonly file: string;
  readonly #text: string;
  readonly #document: Document.Parsed | null;
  /** What the parser itself could not survive, such as nesting deeper than the stack. */
  readonly #failure: string | null;
  /** Its lines, once one is asked for. */
  #lines: readonly string[] | null = null;

  constructor(file: string, text: string) {
    this.file = file;
    this.#text = text;
    let document: Document.Parsed | null = null;
    let failure: string | null = null;
    try {
      // uniqueKeys (the default) makes a key given twice an error instead of the last one winning silently.
      document = parseDocument(text, { prettyErrors: false, logLevel: 'error' });
      document.toJS();
    } catch (error) {
      failure = errorMessage(error);
    }
    this.#document = document;
    this.#failure = failure;
  }

  /** The value as plain JavaScript; undefined when it cannot be built (`syntaxProblems` then says why). */
  value(): unknown {
    return this.#failure === null ? this.#document?.toJS() : undefined;
  }

  /** What makes the text no YAML at all, the first words of it; empty when `value()` may be used. */
  syntaxProblems(): Problem[] {
    const foreign = notText(this.#text);
    if (foreign !== undefined) return [this.#syntaxProblem(foreign.offset, foreign)];
    const document = this.#document;
    // The parser goes on behind each place where its stack ended.
    if (document?.errors.some(({ message }) => message.startsWith('Maximum call stack')) === true) {
      return [this.#syntaxProblem(0, { message: 'YAML: nested too deeply', remedy: 'Nest less.' })];
    }
    const problems = [...(document?.errors ?? []), ...(document?.warnings ?? [])].map((error) =>
      this.#syntaxProblem(error.pos[0], yamlMistake(error, this.#text)),
    );
    if (document !== null) problems.push(...this.#unresolvedAliases(document));
    // Only said when nothing better is known: it has no place.
    if (problems.length === 0 && this.#failure !== null)
      problems.push(this.#syntaxProblem(0, { message: `YAML: ${this.#failure}` }));
    // One unclosed bracket makes the parser complain again and again at the same place, and then at every later one.
    const places = new Set<string>();
    const isNew = ({ line, column }: Problem): boolean => places.size < places.add(`${line}:${column}`).size;
    return problems.filter(isNew).slice(0, MAX_SYNTAX_PROBLEMS);
  }

  /** A problem at the value of `path`, or at its nearest ancestor that exists; at the key with `at: 'key'`. */
  problem(path: Path, message: string, remedy: string, at: 'value' | 'key' | number = 'value'): Problem {
    return this.#located(this.locate(path, at), safeMessage(message), escapeControls(remedy));
  }

  /** A place with its line, for problems that are only found later. */
  mark(path: Path, at: 'value' | 'key' | number = 'value'): Pick<Problem, 'excerpt'> & { file: string } & Place {
    const place = this.locate(path, at);
    const excerpt = this.excerpt(place);
    return { file: this.file, ...place, ...(excerpt === undefined ? {} : { excerpt }) };
  }

  /** The line of a place with a caret below; undefined where it must not be shown, or where there is nothing. */
  protected excerpt(place: Place): string | undefined {
    return excerptOf(this.line(place), place);
  }

  /** The text of a line. */
  protected line({ line }: Place): string {
    this.#lines ??= this.#text.split('\n');
    return this.#lines[line - 1] ?? '';
  }

  #located(place: Place, message: string, remedy: string): Problem {
    const excerpt = this.excerpt(place);
    return { file: this.file, ...place, message, remedy, ...(excerpt === undefined ? {} : { excerpt }) };
  }

  /** Where the value of `path` begins, its key (`'key'`), or the given character of its text (a number, from 0). */
  locate(path: Path, at: 'value' | 'key' | number = 'value'): Place {
    for (let length = path.length; length > 0; length--) {
      const found = this.#find(path.slice(0, length));
      if (found === undefined) continue;
      const node = at === 'key' && length === path.length ? (found.key ?? found.value) : (found.value ?? found.key);
      // The character counts only in the text it was counted in, not in an ancestor's.
      const within = typeof at === 'number' && length === path.length ? at : undefined;
      const offset = this.#offset(node, within);
      if (offset !== undefined) return this.#place(offset);
    }
    return this.#place(this.#document?.contents?.range[0] ?? 0);
  }

  /** The node at `path`, followed through aliases, and the node of the key it stands under. */
  #find(path: Path): { key: unknown; value: unknown } | undefined {
    let found: { key: unknown; value: unknown } = { key: undefined, value: this.#document?.contents };
    for (const part of path) {
      const parent = this.#resolve(found.value);
      if (!isCollection(parent)) return undefined;
      if (isMap(parent)) {
        const pair = parent.items.find((item) => keyText(item.key) === String(part));
        if (pair === undefined) return undefined;
        found = { key: pair.key, value: pair.value };
      } else {
        const item: unknown = parent.items[Number(part)];
        if (item === undefined) return undefined;
        found = { key: undefined, value: isPair(item) ? item.key : item };
      }
    }
    return found;
  }

  #resolve(node: unknown): unknown {
    return isAlias(node) && this.#document !== null ? node.resolve(this.#document) : node;
  }

  #offset(node: unknown, within: number | undefined): number | undefined {
    const range = (node as Node | null | undefined)?.range;
    if (range === null || range === undefined) return undefined;
    // Without a wanted character the scalar's own beginning is meant: its quote, its `|`.
    if (within === undefined || !isScalar(node) || typeof node.value !== 'string') return range[0];
    return range[0] + scalarOffset(this.#text.slice(range[0], range[1]), node.value, within);
  }

  #unresolvedAliases(document: Document.Parsed): Problem[] {
    const problems: Problem[] = [];
    visit(document, {
      Alias: (_key, node) => {
        if (node.resolve(document) !== undefined) return;
        // Its name is not shown: it may be a password that begins with a star.
        const message = 'YAML: there is no anchor for this `*`';
        problems.push(this.#syntaxProblem(node.range?.[0] ?? 0, { message }));
      },
    });
    return problems;
  }

  #syntaxProblem(offset: number, { message, remedy }: { message: string; remedy?: string }): Problem {
    const character = this.#text[offset] ?? '';
    const usual =
      character !== '' && '*&@%`{[!|>'.includes(character)
        ? `Put quotes around a value that begins with \`${character}\`, which means something else in YAML.`
        : `Mend the YAML${character === '' ? '.' : ' at this place; text with special characters goes in quotes.'}`;
    return this.#located(this.#place(offset), safeMessage(message), remedy ?? usual);
  }

  /** Counted here: the parser's own counter misses the lines of a text within brackets that begins with `|`. */
  #place(offset: number): Place {
    const before = this.#text.slice(0, Math.max(0, offset));
    const lineStart = before.lastIndexOf('\n') + 1;
    let line = 1;
    for (let at = before.indexOf('\n'); at !== -1; at = before.indexOf('\n', at + 1)) line++;
    return { line, column: before.length - lineStart + 1 };
  }
}

const keyText = (key: unknown): string => String(isScalar(key) ? key.value : key);

/** Checks `value` (the document's, perhaps with overrides) against a schema; every issue becomes a located problem. */
export function validate<S extends z.ZodType>(
  schema: S,
  document: YamlDocument,
  value: unknown,
): { ok: true; value: z.output<S> } | { ok: false; problems: Problem[] } {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return { ok: true, value: result.data };
  return { ok: false, problems: schemaProblems({ schema, document, value }, result.error.issues) };
}
