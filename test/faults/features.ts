/** What the daemon under test can do; the harness asks for nothing that it does not know. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from '../../deploy/local/folders.ts';

export interface Features {
  readonly againAfter: boolean;
  readonly xa: boolean;
}

export function featuresOf(snapshot: string, without: readonly string[] = []): Features {
  const schema = readFileSync(join(checkout, 'config/schema/rules.schema.json'), 'utf8');
  const decoder = readFileSync(join(snapshot, 'dist/decode/event-decoder.js'), 'utf8');
  return {
    againAfter: !without.includes('again') && schema.includes('again_after'),
    xa: !without.includes('xa') && /XA_PREPARE|xaPrepare|XaPrepare/.test(decoder),
  };
}
