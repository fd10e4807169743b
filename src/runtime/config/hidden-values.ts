import type { z } from 'zod';
import type { Path } from './path.ts';

type Issue = z.core.$ZodIssue;

/** Stands for a value that must not be shown; of what kind it was may be told. */
export class HiddenValue {
  readonly kind: 'list' | 'mapping' | 'scalar';

  constructor(value: unknown) {
    this.kind = Array.isArray(value) ? 'list' : typeof value === 'object' ? 'mapping' : 'scalar';
  }
}

/** Messages show the value that is wrong. Here the values that must not be shown are taken out of the issues. */
export function hideValues(issues: readonly Issue[], isHidden: (path: Path) => boolean, above: Path = []): Issue[] {
  return issues.map((issue) => {
    const path = [...above, ...(issue.path as Path)];
    const branches =
      issue.code === 'invalid_union'
        ? { errors: issue.errors.map((branch) => hideValues(branch, isHidden, path)) }
        : {};
    const hide = issue.input !== undefined && issue.input !== null && isHidden(path);
    return { ...issue, ...branches, ...(hide ? { input: new HiddenValue(issue.input) } : {}) } as Issue;
  });
}
