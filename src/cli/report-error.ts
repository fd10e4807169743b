import { ERRORS, ProblemsError, SluiceError, formatProblem } from '../runtime/errors.ts';

/** Prints the error for a person on stderr and returns the exit code. Unexpected errors keep their stack. */
export function reportError(error: unknown): number {
  if (error instanceof ProblemsError) {
    for (const problem of error.problems) console.error(formatProblem(problem));
    console.error(
      `\n${error.problems.length} ${error.problems.length === 1 ? 'problem' : 'problems'}; nothing was touched.`,
    );
    return error.exitCode;
  }
  if (error instanceof SluiceError) {
    console.error(`${error.code}: ${error.message}\n    remedy: ${ERRORS[error.code].remedy}`);
    return error.exitCode;
  }
  console.error(error);
  return 1;
}
