/** XA transactions: between PREPARE and COMMIT their rows are in the binlog, and nobody may see them. */
import type { Random } from '../random.ts';
import type { World } from '../world/world.ts';
import { delay, messageOf, until } from '../wait.ts';
import { changeSomething } from './statements.ts';
import type { Work } from './transactions.ts';
import { isUsual } from './usual-errors.ts';

let counter = 0;

export function xaTransaction(world: World): (work: Work) => Promise<void> {
  return async (work) => {
    const { connection, random, markers } = work;
    const xid = `'faults-${process.pid}-${counter++}'`;
    const id = await markers.arm();
    await connection.query(`XA START ${xid}`);
    for (let n = random.int(1, 4); n > 0; n--) await changeSomething(work);
    await markers.insert(connection, id);
    await connection.query(`XA END ${xid}`);
    if (random.chance(0.1)) return void (await connection.query(`XA COMMIT ${xid} ONE PHASE`));
    await connection.query(`XA PREPARE ${xid}`);
    if (random.chance(0.5)) await delay(random.int(1, 150));
    await work.next();
    const end = `XA ${random.chance(0.75) ? 'COMMIT' : 'ROLLBACK'} ${xid}`;
    // A prepared transaction belongs to nobody: any connection may end it.
    if (random.chance(0.4)) await world.primary.run(end);
    else await connection.query(end);
  };
}

/**
 * What crashes left prepared holds its locks for ever, and a refresh query of a source without GTIDs waits for them. As an
 * application's recovery does; whose transaction is ended before its own time gets XAER_NOTA, which is usual.
 */
export async function endPrepared(world: World, random: Random): Promise<void> {
  const end = async (): Promise<boolean> => {
    for (const { data } of await world.primary.rows('XA RECOVER')) {
      const verb = random.chance(0.5) ? 'COMMIT' : 'ROLLBACK';
      world.journal.note(`left prepared: ${String(data)}: ${verb}`);
      // Its writer may be faster.
      await world.primary.run(`XA ${verb} '${String(data)}'`).catch(ignoreUsual);
    }
    return true;
  };
  await until('ending what is prepared', end, { timeoutMs: 30_000 });
}

function ignoreUsual(error: unknown): void {
  if (!isUsual(messageOf(error))) throw error;
}
