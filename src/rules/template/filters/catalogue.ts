import { lower, trim, upper } from './case.ts';
import { date } from './date.ts';
import { defaultText } from './default.ts';
import { base64, hex, urlencode } from './encode.ts';
import { escape } from './escape.ts';
import type { FilterSpec } from './filter.ts';
import { crc32, md5, sha1 } from './hash.ts';
import { json } from './json.ts';
import { modulo } from './modulo.ts';
import { split } from './split.ts';
import { substring } from './substring.ts';

/** Every filter a template can name. A Map: `constructor` and the like are no filters. */
export const FILTERS: ReadonlyMap<string, FilterSpec> = new Map(
  Object.entries({
    lower,
    upper,
    trim,
    substring,
    split,
    json,
    date,
    modulo,
    default: defaultText,
    escape,
    urlencode,
    hex,
    base64,
    sha1,
    md5,
    crc32,
  }),
);

/** A filter that a parsed template names. */
export function filterNamed(name: string): FilterSpec {
  const filter = FILTERS.get(name);
  if (filter === undefined) throw new Error(`there is no filter \`${name}\``);
  return filter;
}
