import type { Problem } from '../errors.ts';
import type { Override } from './environment.ts';
import { distinctOptions, envName } from './options.ts';
import { formatPath, type Path } from './path.ts';
import { safeMessage } from './shown.ts';
import { excerptOf } from './excerpt.ts';
import { YamlDocument, type Place } from './yaml-document.ts';

/** A configuration file with values from the environment over it: a problem names whichever of the two it came from. */
export class ConfigDocument extends YamlDocument {
  readonly #hasFile: boolean;
  readonly #overrides: readonly Override[];

  constructor(file: string | null, text: string, overrides: readonly Override[]) {
    super(file ?? '', text);
    this.#hasFile = file !== null;
    this.#overrides = overrides;
  }

  override problem(path: Path, message: string, remedy: string, at: 'value' | 'key' | number = 'value'): Problem {
    const variable = this.overrideOf(path)?.variable;
    if (variable !== undefined) return { message: safeMessage(`environment variable ${variable}: ${message}`), remedy };
    if (this.#hasFile) return super.problem(path, message, remedy, at);
    return { message: safeMessage(`${message}${variableToSet(message)}`), remedy };
  }

  /** Only ever an option's name: what stands behind it, or before it on the same line, may be a secret. */
  protected override excerpt(place: Place): string | undefined {
    const line = this.line(place);
    const [key] = /^[a-z_][a-z0-9_]*\s*:/.exec(line.slice(place.column - 1)) ?? [];
    const before = line.slice(0, place.column - 1);
    return key === undefined || !/^[\s-]*$/.test(before) ? undefined : excerptOf(before + key, place);
  }

  /** The environment variable that the value at `path` comes from. */
  overrideOf(path: Path): Override | undefined {
    return this.#overrides.find((override) => override.path.every((part, index) => path[index] === part));
  }
}

/** Without a file there is no place to point at, but a name: "`rules` is missing (environment variable SLUICE_RULES)". */
function variableToSet(message: string): string {
  const named = /`([a-z0-9_.[\]]+)`/.exec(message)?.[1];
  if (named === undefined) return '';
  const option = distinctOptions().find(({ path }) => formatPath(path) === named);
  return ` (environment ${option === undefined ? `variables ${envName(named.split('.'))}_…` : `variable ${option.env}`})`;
}
