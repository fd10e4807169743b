/**
 * A process id that cannot be mistaken for another process.
 *
 * The kernel uses a number again after its process has ended (a reboot is enough), so a number read from a file may
 * name a stranger that we would then report as running, or kill. The time a process started tells them apart.
 */
import { readFileSync } from 'node:fs';

export interface ProcessId {
  pid: number;
  /** In clock ticks since the machine started, as `/proc` reports it. */
  startedTicks: string;
}

export function identify(pid: number): ProcessId {
  const stat = statOf(pid);
  if (!stat) throw new Error(`process ${pid} has ended`);
  return { pid, startedTicks: stat.startedTicks };
}

export function isAlive(id: ProcessId): boolean {
  const stat = statOf(id.pid);
  return stat !== undefined && stat.startedTicks === id.startedTicks && !stat.isZombie;
}

/** Synchronous, for handlers of the `exit` event; nothing is read from a disk. */
function statOf(pid: number): { isZombie: boolean; startedTicks: string } | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The second field is the program's name in parentheses and may itself contain spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // A zombie has ended and only waits for its parent to ask how; but state Z with more than one thread means that
  // just the first thread has ended, and the others may still hold the server's port and files.
  return { isZombie: fields[0] === 'Z' && fields[17] === '1', startedTicks: fields[19] ?? '' };
}
