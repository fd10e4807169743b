/** What the kernel says about a process; Linux only. */
import { readFileSync } from 'node:fs';

const read = (pid: number, file: string): string => readFileSync(`/proc/${pid}/${file}`, 'utf8');

/** Most resident memory so far, in MB. */
export function peakMb(pid: number): number {
  return fieldMb(pid, 'VmHWM');
}

export function residentMb(pid: number): number {
  return fieldMb(pid, 'VmRSS');
}

function fieldMb(pid: number, field: string): number {
  const found = new RegExp(`${field}:\\s+(\\d+) kB`).exec(read(pid, 'status'));
  return (Number(found?.[1]) * 1024) / 1e6;
}

/** Of all its threads, so far. */
export function cpuSeconds(pid: number): number {
  // The name of the program, in parentheses, may hold anything; user and system time are the 12th and 13th behind it.
  const fields = read(pid, 'stat').split(') ').at(-1)?.split(' ') ?? [];
  const TICKS_PER_SECOND = 100;
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
