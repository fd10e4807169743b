/** `npm run test:faults -- --minutes 20 --seed 1 [--scenario name,…] [--publisher kafkajs] [--report folder]`. Exit code 1: something was found. */
import { parseArgs } from 'node:util';
import { join } from 'node:path';
import { stateFolder } from '../../deploy/local/folders.ts';
import { bugNamed } from './bugs/bugs.ts';
import { prove } from './bugs/prove.ts';
import { snapshotOf } from './world/publisher.ts';
import { runAll } from './run-all.ts';

const { values: flags } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    scenario: { type: 'string' },
    publisher: { type: 'string', default: 'platformatic' },
    report: { type: 'string' },
    without: { type: 'string' },
    bug: { type: 'string' },
    prove: { type: 'boolean' },
    help: { type: 'boolean' },
  },
});

const folder = flags.report ?? join(stateFolder, 'faults/report');
const onProgress = (line: string): void => console.log(line);
const provable = { seed: Number(flags.seed), minutes: 5, without: flags.without?.split(',') ?? [], folder, onProgress };

if (flags.help) {
  console.log(
    'npm run test:faults -- [--minutes 20] [--seed n] [--scenario name,name] [--report folder]\n  --bug name    one deliberate bug: exit code 1 when it is found\n  --prove       all of them: exit code 0 when each is found\n  --without xa  an ability of the daemon that is not asked for\n  --publisher kafkajs  the other client library behind the publisher to Kafka',
  );
} else if (flags.prove === true) {
  const proofs = await prove(provable);
  process.exitCode = proofs.every(({ caught }) => caught) ? 0 : 1;
} else if (flags.bug !== undefined) {
  // As any run: what is found makes it fail.
  const [proof] = await prove(provable, [bugNamed(flags.bug)]);
  process.exitCode = proof?.caught === true ? 1 : 0;
} else {
  const report = await runAll({
    minutes: Number(flags.minutes),
    seed: Number(flags.seed),
    without: flags.without?.split(',') ?? [],
    only: flags.scenario?.split(',') ?? null,
    folder,
    onProgress,
    snapshot: () => snapshotOf(flags.publisher),
  });
  process.exitCode = report.ok ? 0 : 1;
}
