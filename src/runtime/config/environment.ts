/**
 * Options from the environment: `SLUICE_` and the option's path in upper case, joined by `_`; items of a list by
 * their index (`SLUICE_TARGETS_0_URL`). The names come from the schema, so `SLUICE_DEAD_LETTERS_PATH` is never
 * mistaken for `dead.letters.path`. Values are taken literally, without `${…}`: what is in the environment already
 * needs no reference, and a password may hold any character. An empty variable counts as not set, because compose
 * files pass on unset variables that way.
 */
import { isScalar, isSeq, parseDocument } from 'yaml';
import { didYouMean } from './did-you-mean.ts';
import { distinctOptions, type Option, type OptionKind } from './options.ts';
import type { Path } from './path.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Override {
  readonly variable: string;
  readonly path: Path;
  readonly value: unknown;
}

/** Not options: tests, the local services, and the way to name the configuration file. */
const OTHERS = /^SLUICE_(TEST_.*|SERVICES_.*|CONFIG)$/;

export function readOverrides(env: Environment): { overrides: Override[]; warnings: string[] } {
  const names = Object.keys(env)
    .filter((name) => name.startsWith('SLUICE_') && !OTHERS.test(name) && (env[name] ?? '') !== '')
    .sort();
  const options = distinctOptions().map((option) => ({ option, pattern: pattern(option) }));
  const services = names.filter((name) => name.endsWith('_SERVICE_HOST')).map((name) => name.slice(0, -13));
  const overrides: Override[] = [];
  const warnings = services.map(kubernetesWarning);
  for (const variable of names) {
    const value = env[variable] ?? '';
    const found = options.find(({ pattern }) => pattern.test(variable));
    if (services.some((service) => isServiceLink(service, variable, value))) continue;
    if (found === undefined)
      warnings.push(
        unknownWarning(
          variable,
          options.map(({ option }) => option),
        ),
      );
    else overrides.push({ variable, path: pathOf(found.option, variable), value: coerce(value, found.option.kind) });
  }
  // SLUICE_SOURCE_START before SLUICE_SOURCE_START_FILE: sorted names put the whole before its parts.
  return { overrides, warnings };
}

/** Reads a text as what the option expects; what cannot be read so stays text, and the schema refuses it. */
export function coerce(value: string, kind: OptionKind): unknown {
  if (kind === 'integer') return /^-?\d+$/.test(value) ? Number(value) : value;
  if (kind === 'boolean') return value === 'true' ? true : value === 'false' ? false : value;
  if (kind === 'list') return list(value);
  return value;
}

/** `[a, b]` as in YAML, or `a,b`. Items stay text: `[::1]:9092` and numbers must not become something else. */
function list(value: string): unknown {
  const { contents } = parseDocument(value);
  const texts = isSeq(contents) ? contents.items.map((item) => (isScalar(item) ? String(item.source) : undefined)) : [];
  if (texts.length > 0 && !texts.includes(undefined) && value.trim().endsWith(']')) return texts;
  return value.split(',').map((item) => item.trim());
}

/** Puts the overrides over what the file says; a part of a section replaces a plain value in its place. */
export function applyOverrides(value: unknown, overrides: readonly Override[]): unknown {
  // A file that is no mapping is wrong as it is, and must not vanish behind the environment.
  if (typeof value !== 'object' || Array.isArray(value)) return value;
  return overrides.reduce<unknown>((result, { path, value }) => put(result, path, value), value ?? {});
}

function put(container: unknown, [head, ...rest]: Path, value: unknown): unknown {
  if (head === undefined) return value;
  if (typeof head === 'number') {
    const items: unknown[] = Array.isArray(container) ? [...(container as unknown[])] : [];
    items[head] = put(items[head], rest, value);
    return Array.from(items);
  }
  const section = typeof container === 'object' && container !== null && !Array.isArray(container) ? container : {};
  return { ...section, [head]: put((section as Record<string, unknown>)[head], rest, value) };
}

function pattern(option: Option): RegExp {
  return new RegExp(`^${option.env.replaceAll('<n>', '(\\d{1,3})')}$`);
}

function pathOf(option: Option, variable: string): Path {
  const indices = (pattern(option).exec(variable) ?? []).slice(1).map(Number);
  return option.path.map((part) => (part === '*' ? (indices.shift() ?? 0) : part));
}

function unknownWarning(variable: string, options: readonly Option[]): string {
  const known = options.map(({ env }) => env.replaceAll('<n>', /_(\d{1,3})_/.exec(variable)?.[1] ?? '0'));
  const hint = didYouMean(variable, known) ?? 'docs/configuration.md lists every variable.';
  return `environment variable ${variable} is ignored: there is no such option. ${hint}`;
}

/**
 * Kubernetes gives every pod variables about every Service of its namespace (unless `enableServiceLinks: false`): a
 * Service named `sluice` brings SLUICE_SERVICE_HOST and SLUICE_PORT=tcp://10.0.0.1:8080, one named `sluice-admin` even
 * SLUICE_ADMIN_PORT=tcp://…, which is the name of an option. That is why unknown variables are no error, and why a
 * port in this form is passed over, though a number set by hand under the same name counts.
 */
function isServiceLink(service: string, variable: string, value: string): boolean {
  if (!variable.startsWith(`${service}_`)) return false;
  const rest = variable.slice(service.length + 1);
  if (rest === 'PORT') return /^(tcp|udp|sctp):\/\//.test(value);
  return /^(SERVICE_(HOST|PORT)(_.*)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/.test(rest);
}

function kubernetesWarning(service: string): string {
  return `environment variables of the Kubernetes Service behind ${service}_SERVICE_HOST are ignored; \`enableServiceLinks: false\` in the pod keeps them out`;
}
