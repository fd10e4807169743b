import type { Target } from './target.ts';
import { adminTarget } from './targets/admin.ts';
import { checkpointFileTarget } from './targets/checkpoint-file.ts';
import { decoderTarget } from './targets/decoder.ts';
import { checkpointTarget, configTarget, deadLetterTarget, recordTarget, ruleFileTarget } from './targets/texts.ts';

export async function allTargets(): Promise<readonly Target[]> {
  return [
    await decoderTarget(),
    recordTarget(),
    deadLetterTarget(),
    checkpointTarget(),
    await checkpointFileTarget(checkpointTarget()),
    ruleFileTarget(),
    configTarget(),
    await adminTarget(),
  ];
}
