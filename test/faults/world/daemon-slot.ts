import { join } from 'node:path';
import { SluiceProcess, type SluiceExit, type SluiceProcessOptions } from '../../../deploy/local/sluice-process.ts';
import { isAlive, identify } from '../../../deploy/local/process-id.ts';
import { awayAtStart, type Expects } from './exits.ts';
import type { Journal } from '../journal.ts';
import { delay, messageOf } from '../wait.ts';

export interface DaemonSlotOptions {
  /** `run`, `capture`, `apply-2`: names its logs. */
  readonly name: string;
  /** Asked at each start. */
  readonly command: () => SluiceProcessOptions;
  readonly journal: Journal;
  /** Ends that belong to the scenario; every other one that nobody asked for is a problem. */
  readonly expects?: Expects;
}

/** Beyond it a daemon that ends by itself is not started again: one log of it is enough. */
const MAX_OWN_ENDS = 5;

/** One daemon of a scenario, started again after whatever ended it, as a service manager would. */
export class DaemonSlot {
  readonly name: string;
  readonly #options: DaemonSlotOptions;
  #process: SluiceProcess | null = null;
  #wanted = false;
  #ownEnds = 0;
  #starts = 0;
  #stopped = false;

  constructor(options: DaemonSlotOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get process(): SluiceProcess | null {
    return this.#process;
  }

  get log(): string {
    return join(this.#options.journal.folder, `${this.name}.log`);
  }

  /** Does nothing while it runs: two lanes may have ended it at once. */
  start(): void {
    this.#wanted = true;
    if (this.#process !== null) return;
    const { journal, name } = this.#options;
    const process = new SluiceProcess(this.#options.command());
    this.#process = process;
    this.#starts++;
    void process.exited.then((exit) => {
      const end = exit.signal ?? `exit code ${exit.code}`;
      journal.keep(
        `${name}.log`,
        `# ${new Date().toISOString()} start ${this.#starts}\n${process.stderr}${process.stdout}# ${end}\n`,
      );
      if (this.#process !== process) return;
      this.#process = null;
      if (this.#wanted) this.#endedByItself(exit, process.stderr + process.stdout);
    });
  }

  /** Resolves when it is ready; however often it has to be started for that. */
  async ready(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      try {
        const process = this.#process;
        if (process === null) throw new Error('it is not running');
        const leftMs = Math.max(1, deadline - performance.now());
        return await Promise.race([process.ready(leftMs), silence(leftMs)]);
      } catch (error) {
        if (performance.now() > deadline)
          throw new Error(`${this.name} is not ready: ${messageOf(error).slice(-2000)}`, { cause: error });
        await delay(50);
      }
    }
  }

  /** Ends it by the signal and starts it again; resolves when the new one runs, ready or not. */
  async bounce(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    await this.end(signal);
    this.start();
  }

  /** SIGTERM must end in the same signal, within the drain's time: a hang is a problem too. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#wanted = false;
    const process = this.#process;
    if (process === null) return;
    const killing = setTimeout(() => {
      this.#options.journal.problem('hang', `${this.name} still runs 40 s after ${signal}`);
      void process.stop('SIGKILL');
    }, 40_000);
    const exit = await process.stop(signal);
    clearTimeout(killing);
    // Another lane may have been faster, with the other signal.
    const asked = exit.signal === 'SIGKILL' || exit.signal === 'SIGTERM';
    if (!asked && !this.#isExpected(exit, process.stderr)) {
      this.#options.journal.problem(
        'exit',
        `${this.name}: ${signal} ended in ${JSON.stringify(exit)}; see ${this.log}`,
      );
    }
  }

  pause(): void {
    this.#signal('SIGSTOP');
    this.#stopped = true;
  }

  resume(): void {
    if (this.#stopped) this.#signal('SIGCONT');
    this.#stopped = false;
  }

  #signal(signal: NodeJS.Signals): void {
    const pid = this.#process?.pid ?? -1;
    if (pid <= 0) return;
    try {
      if (isAlive(identify(pid))) process.kill(pid, signal);
    } catch {
      // Ended meanwhile.
    }
  }

  #isExpected(exit: SluiceExit, log: string): boolean {
    return awayAtStart(exit, log) || (this.#options.expects?.(exit, log) ?? false);
  }

  #endedByItself(exit: SluiceExit, log: string): void {
    const { journal, name } = this.#options;
    if (this.#isExpected(exit, log)) {
      journal.count('starts refused or ends as expected');
      journal.note(`${name} ended as expected: ${JSON.stringify(exit)}`);
    } else {
      journal.problem(
        'exit',
        `${name} ended by itself: ${JSON.stringify(exit)}: ${log.trim().split('\n').slice(-3).join(' | ').slice(0, 1500)}`,
      );
      if (++this.#ownEnds > MAX_OWN_ENDS) return;
    }
    setTimeout(() => {
      if (this.#wanted && this.#process === null) this.start();
    }, 200);
  }
}

/** A daemon that hangs before it listens never says a word. */
async function silence(ms: number): Promise<never> {
  await delay(ms, undefined, { ref: false });
  throw new Error('it says nothing');
}
