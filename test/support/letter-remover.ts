/** A process that takes away every letter of which it is asked to, again and again until it is killed: all whose number is even. */
import { systemClock } from '../../src/runtime/clock.ts';
import { FileLetterLog } from '../../src/transport/file-letter-log.ts';
import { countId } from '../../src/transport/letter-log.ts';

const [, , path = ''] = process.argv;
const { signal } = new AbortController();
const log = new FileLetterLog({ path, clock: systemClock });
for (;;) {
  const ids = new Map<string, number>();
  for await (const { id, letter } of log.read(signal)) {
    if (letter !== null && Number(letter.place.split('@')[1]) % 2 === 0) countId(ids, id);
  }
  await log.remove(ids, signal);
  process.stdout.write('.\n');
}
