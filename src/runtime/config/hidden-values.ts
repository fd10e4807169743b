import type { z } from 'zod';
import type { Path } from './path.ts';

type Issue = z.core.$ZodIssue;

/** Messages show the value that is wrong. Here the values that must not be shown are taken out of the issues. */
export function hideValues(issues: readonly Issue[], isHidden: (path: Path) => boolean, above: Path = []): Issue[] {
  return issues.map((issue) => {
    const path = [...above, ...(issue.path as Path)];
    const branches =
      issue.code === 'invalid_union'
        ? { errors: issue.errors.map((branch) => hideValues(branch, isHidden, path)) }
        : {};
    const input = issue.input !== undefined && isHidden(path) ? { input: '***' } : {};
    return { ...issue, ...branches, ...input } as Issue;
  });
}
