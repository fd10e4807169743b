/** The way from a file and the environment to a `Config`, or to every problem there is. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ProblemsError, errorMessage, type Problem } from '../errors.ts';
import { ConfigDocument } from './config-document.ts';
import type { Config } from './config.ts';
import { crossCheck } from './cross-checks.ts';
import { applyOverrides, readOverrides, type Environment } from './environment.ts';
import { distinctOptions } from './options.ts';
import { resolveConfig } from './resolve.ts';
import { configSchema, type WrittenConfig } from './schema.ts';
import { hideValues } from './hidden-values.ts';
import { formatPath, type Path } from './path.ts';
import { readPemFiles } from './pem-files.ts';
import { schemaProblems } from './schema-problems.ts';
import { substituteAll } from './substitute.ts';

export interface LoadOptions {
  /** Name of the file, for messages and as the start of relative paths; null: everything is in the environment. */
  readonly file: string | null;
  readonly text: string;
  readonly env: Environment;
  readonly readFile: (path: string) => string;
}

export interface LoadedConfig {
  readonly config: Config;
  /** To be logged: what was ignored. */
  readonly warnings: readonly string[];
  /** A problem found later (a server refuses, a topic is too small), at the place of the option that causes it. */
  readonly problem: (path: Path, message: string, remedy: string) => Problem;
}

/** Either the configuration, or what is wrong with it and where its rules are as far as that can be told. */
export type Inspected =
  | { readonly loaded: LoadedConfig }
  | { readonly loaded: null; readonly problems: readonly Problem[]; readonly rules: readonly string[] };

/** Throws ProblemsError with everything that is wrong. */
export function loadConfig(options: LoadOptions): LoadedConfig {
  return orThrow(inspectConfig(options));
}

function orThrow(inspected: Inspected): LoadedConfig {
  if (inspected.loaded === null) throw new ProblemsError('CONFIG_INVALID', inspected.problems);
  return inspected.loaded;
}

function inspectConfig({ file, text, env, readFile }: LoadOptions): Inspected {
  const { overrides, warnings } = readOverrides(env);
  const document = new ConfigDocument(file, text, overrides);
  const folder = file === null ? process.cwd() : dirname(resolve(file));
  const syntax = document.syntaxProblems();
  if (syntax.length > 0) {
    // What can be made of it may be half a path: only what is there counts.
    const rules = rulePaths(applyOverrides(document.value(), overrides), folder).filter((path) => existsSync(path));
    return { loaded: null, problems: syntax, rules };
  }

  const problems: Problem[] = [];
  const report = (path: Path, message: string, remedy: string, at?: 'value' | 'key') =>
    void problems.push(document.problem(path, message, remedy, at));
  const readRelative = (path: string) => readFile(resolve(folder, path));

  const { value, expandedAt } = substituteAll(document.value(), {
    env,
    readFile: readRelative,
    kindOf,
    problem: report,
  });
  const written = applyOverrides(value, overrides);
  const unexpanded = new Set(problems.map(placeOf));
  const result = configSchema.safeParse(written, { reportInput: true });
  // Nothing is shown that is a secret or a URL, or was brought in by a reference.
  const isHidden = (path: Path) =>
    path.some((part) => part === 'password' || part === 'token' || part === 'url') || expandedAt.has(formatPath(path));
  // A reference that could not be expanded leaves a wrong value behind: one problem is enough.
  const found = schemaProblems(
    { schema: configSchema, document, value: written },
    hideValues(result.error?.issues ?? [], isHidden),
  );
  problems.push(...found.filter((problem) => !unexpanded.has(placeOf(problem))));
  crossCheck(validSections(written), written, report);
  const pems = readPemFiles(written, readRelative, report);

  if (!result.success || problems.length > 0) {
    const isExpanded = (path: Path) => !unexpanded.has(placeOf(document.problem(path, '', '')));
    return { loaded: null, problems: inFileOrder(problems), rules: rulePaths(written, folder, isExpanded) };
  }
  const config = resolveConfig(result.data, { folder, pem: (path) => pems.get(formatPath(path)) ?? null });
  return { loaded: { config, warnings, problem: (path, message, remedy) => document.problem(path, message, remedy) } };
}

/** The rule files that are named, also beside mistakes. */
function rulePaths(written: unknown, folder: string, isExpanded: (path: Path) => boolean = () => true): string[] {
  const rules: unknown = typeof written === 'object' ? (written as { rules?: unknown } | null)?.rules : undefined;
  const items: readonly unknown[] = Array.isArray(rules) ? rules : [rules];
  return items.flatMap((item, index) => {
    const path = Array.isArray(rules) ? ['rules', index] : ['rules'];
    return typeof item === 'string' && item !== '' && isExpanded(path) ? [resolve(folder, item)] : [];
  });
}

const DEFAULT_FILES = ['./sluice.yaml', '/etc/sluice/sluice.yaml'];

/**
 * Loads the file that is named, else by SLUICE_CONFIG, else the first default file that exists. If there is none, the
 * environment alone may configure the daemon.
 */
export function loadConfigFile(path: string | undefined, env: Environment): LoadedConfig {
  return orThrow(inspectConfigFile(path, env));
}

export function inspectConfigFile(path: string | undefined, env: Environment): Inspected {
  const named = path ?? (env['SLUICE_CONFIG'] === '' ? undefined : env['SLUICE_CONFIG']);
  const file = named ?? DEFAULT_FILES.find((candidate) => existsSync(candidate)) ?? null;
  const readFile = (name: string) => readFileSync(name, 'utf8');
  if (file === null && readOverrides(env).overrides.length === 0) {
    const message = `no configuration file: looked for ${DEFAULT_FILES.join(' and ')}`;
    const remedy = 'Name one with --config FILE or SLUICE_CONFIG; config/sluice.example.yaml is a beginning.';
    return { loaded: null, problems: [{ message, remedy }], rules: [] };
  }
  let text = '';
  try {
    if (file !== null) text = readFile(file);
  } catch (error) {
    const message = `the configuration file cannot be read: ${errorMessage(error)}`;
    const problem = { file: file ?? '', message, remedy: 'Mend its name or its permissions.' };
    return { loaded: null, problems: [problem], rules: [] };
  }
  return inspectConfig({ file, text, env, readFile });
}

const KINDS = new Map(distinctOptions().map((option) => [option.path.join('.'), option.kind]));
const kindOf = (path: Path) => KINDS.get(path.map((part) => (typeof part === 'number' ? '*' : part)).join('.'));

const LAST = Number.MAX_SAFE_INTEGER;
const inFileOrder = (problems: readonly Problem[]) =>
  problems.toSorted((a, b) => (a.line ?? LAST) - (b.line ?? LAST) || (a.column ?? 0) - (b.column ?? 0));

const placeOf = ({ file, line, column, message }: Problem) =>
  line === undefined ? message : `${file}:${line}:${column}`;

/** The sections that are right by themselves, for the checks across sections. */
function validSections(written: unknown): Partial<WrittenConfig> {
  if (typeof written !== 'object' || written === null || Array.isArray(written)) return {};
  const sections = written as Record<string, unknown>;
  const entries = Object.entries(configSchema.shape).flatMap(([name, schema]) => {
    const result = schema.safeParse(sections[name]);
    return result.success ? [[name, result.data]] : [];
  });
  return Object.fromEntries(entries) as Partial<WrittenConfig>;
}
