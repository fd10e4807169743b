import type { Problem } from './runtime/errors.ts';

/**
 * The first of those that say the same of one place. One mistake at several places is several problems; but of a server, which may be
 * named by several sections, it is one: `temporary` or without a file.
 */
export function distinct(problems: readonly Problem[]): Problem[] {
  return problems.filter(
    (problem, index) => !problems.slice(0, index).some((earlier) => saysTheSame(problem, earlier)),
  );
}

function saysTheSame(late: Problem, early: Problem): boolean {
  if (late.message !== early.message) return false;
  if (late.temporary === true || late.file === undefined) return true;
  return late.file === early.file && late.line === early.line && late.column === early.column;
}
