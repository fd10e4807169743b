import { writeFileSync } from 'node:fs';
import { ProblemsError, errorMessage } from '../runtime/errors.ts';

/** `isNew`: never over a file that is there. Throws ProblemsError when it cannot be written. */
export function writeFile(file: string, text: string, { isNew }: { readonly isNew: boolean }): void {
  try {
    writeFileSync(file, text, { flag: isNew ? 'wx' : 'w' });
  } catch (error) {
    const message = `cannot be written: ${errorMessage(error)}`;
    const remedy = isNew ? 'Choose a new file in a folder that is there.' : 'Mend its folder or its permissions.';
    throw new ProblemsError('CONFIG_INVALID', [{ file, message, remedy }]);
  }
}
