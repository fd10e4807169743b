/**
 * `${NAME}`, `${NAME:-default}` and `${file:/path}` inside text values. They are expanded after the YAML is parsed, so
 * what they bring in is always one text and never YAML. `$${` stands for `${` itself.
 */
import type { OptionKind } from './options.ts';
import { coerce, type Environment } from './environment.ts';
import { formatPath, type Path } from './path.ts';

export interface SubstitutionContext {
  readonly env: Environment;
  /** Reads a file; relative names are relative to the configuration file. Throws if it cannot. */
  readonly readFile: (path: string) => string;
  /** What the option at this path expects, so that `port: ${PORT}` is a number. */
  readonly kindOf: (path: Path) => OptionKind | undefined;
  readonly problem: (path: Path, message: string, remedy: string) => void;
}

/** `expandedAt` names the options that held a reference: their values must not be shown. */
export function substituteAll(
  value: unknown,
  context: SubstitutionContext,
): { value: unknown; expandedAt: Set<string> } {
  const expandedAt = new Set<string>();
  const onExpand = (path: Path) => void expandedAt.add(formatPath(path));
  return { value: substitute(value, { ...context, onExpand }, []), expandedAt };
}

interface Expansion extends SubstitutionContext {
  readonly onExpand: (path: Path) => void;
}

function substitute(value: unknown, context: Expansion, path: Path): unknown {
  if (typeof value === 'string') return expand(value, context, path);
  if (Array.isArray(value)) return value.map((item, index) => substitute(item, context, [...path, index]));
  if (typeof value !== 'object' || value === null) return value;
  // A section with nothing behind it (`log:`) says nothing.
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== null)
      .map(([name, item]) => [name, substitute(item, context, [...path, name])]),
  );
}

/** `$${`, or `${…}`, or a `${` that is never closed. */
const REFERENCE = /\$\$\{|\$\{([^}]*)(\}?)/g;

function expand(text: string, context: Expansion, path: Path): unknown {
  let references = 0;
  const loginEnd = endOfLogin(text);
  const expanded = text.replace(REFERENCE, (whole, inner: string | undefined, close: string, offset: number) => {
    if (inner === undefined) return '${';
    references++;
    const value = close === '' ? fail(context, path, '`${` is never closed') : lookUp(inner, context, path);
    return offset < loginEnd ? encodeURIComponent(value) : value;
  });
  const kind = context.kindOf(path);
  if (references > 0) context.onExpand(path);
  return references > 0 && kind !== undefined ? coerce(expanded, kind) : expanded;
}

/**
 * Secrets are written down as they are, but a URL needs `@ / : #` in them encoded. So inside `user:password@` a value
 * is encoded while it is put in; a whole URL in one variable, or a host, is left alone.
 */
function endOfLogin(text: string): number {
  const template = text.replace(REFERENCE, (whole) => '_'.repeat(whole.length));
  return /^[a-z]+:\/\/[^/?#]*@/.exec(template)?.[0].length ?? 0;
}

function lookUp(inner: string, context: SubstitutionContext, path: Path): string {
  if (inner.startsWith('file:')) return readSecret(inner.slice('file:'.length), context, path);
  const parts = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s.exec(inner);
  if (parts === null) return fail(context, path, 'a `${…}` that is no reference');
  const [, name = '', fallback] = parts;
  const value = context.env[name];
  if (fallback !== undefined) return value === undefined || value === '' ? fallback : value;
  if (value !== undefined) return value;
  context.problem(path, `environment variable ${name} is not set`, `Set it, or give a default: \${${name}:-…}.`);
  return '';
}

function readSecret(file: string, context: SubstitutionContext, path: Path): string {
  try {
    return context.readFile(file).replace(/\r?\n$/, '');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    context.problem(
      path,
      `secret file ${file} cannot be read (${code})`,
      'Create it, or mend its name or its permissions.',
    );
    return '';
  }
}

function fail(context: SubstitutionContext, path: Path, message: string): string {
  context.problem(path, message, 'Write ${NAME}, ${NAME:-default} or ${file:/path}; for a plain `${` write `$${`.');
  return '';
}
