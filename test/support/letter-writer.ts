/** A process that keeps dead letters until it is killed: one line on stdout for each that is durable. */
import { systemClock } from '../../src/runtime/clock.ts';
import { FileDeadLetters } from '../../src/transport/file-dead-letters.ts';

const [, , path = '', name = ''] = process.argv;
const letters = new FileDeadLetters({ path, clock: systemClock });
for (let index = 0; ; index++) {
  const place = `${name}@${index}`;
  await letters.keep([
    { reason: 'not JSON', item: { kind: 'unreadable', raw: 'x', reason: 'not JSON', place }, target: null },
  ]);
  process.stdout.write(`${place}\n`);
}
