import { actions } from './actions.ts';
import { conditions } from './conditions.ts';
import { keys } from './keys.ts';
import { options } from './options.ts';
import { queries } from './queries.ts';
import { tables } from './tables.ts';
import type { WrongFile } from './wrong-file.ts';
import { yaml } from './yaml.ts';

export const WRONG_FILES: readonly WrongFile[] = [
  ...yaml,
  ...options,
  ...actions,
  ...keys,
  ...tables,
  ...conditions,
  ...queries,
];
