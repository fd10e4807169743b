import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

export interface SluiceExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface SluiceProcessOptions {
  readonly args: readonly string[];
  readonly env?: Record<string, string>;
  readonly nodeArgs?: readonly string[];
  /** The file to run. Default: what `npm run build` made. */
  readonly main?: string;
}

/** A real daemon as a child process, for the demo, the bench and the end-to-end tests. Needs `npm run build`. */
export class SluiceProcess {
  readonly exited: Promise<SluiceExit>;
  readonly #child: ChildProcess;
  readonly #admin: Promise<string>;
  #stderr = '';
  #stdout = '';

  constructor(options: SluiceProcessOptions) {
    this.#child = spawn(process.execPath, [...(options.nodeArgs ?? []), options.main ?? MAIN, ...options.args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
    });
    // A daemon must not outlive the process that started it for a while.
    const reap = (): void => void this.#child.kill('SIGKILL');
    process.once('exit', reap);
    this.exited = new Promise((resolve) =>
      this.#child.once('close', (code, signal) => {
        process.off('exit', reap);
        resolve({ code, signal });
      }),
    );
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.#stdout += text));
    this.#admin = new Promise((resolve) =>
      this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        this.#stderr += text;
        const found = /"admin":"(http:[^"]+)"/.exec(this.#stderr);
        if (found?.[1] !== undefined) resolve(found[1]);
      }),
    );
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get stderr(): string {
    return this.#stderr;
  }

  get stdout(): string {
    return this.#stdout;
  }

  /** The address of the admin server; throws with the log if the daemon ends before it has one. */
  async admin(): Promise<string> {
    return Promise.race([this.#admin, this.exited.then(() => this.#fail('ended before it listened'))]);
  }

  /** Resolves when `/readyz` says so. */
  async ready(timeoutMs = 60_000): Promise<void> {
    const url = await this.admin();
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const answer = await fetch(`${url}/readyz`).catch((error: unknown) => String(error));
      if (typeof answer !== 'string' && answer.ok) return;
      const reason = typeof answer === 'string' ? answer : await answer.text();
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) this.#fail('ended before it was ready');
      if (Date.now() > deadline) this.#fail(`not ready after ${timeoutMs} ms: ${reason}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** The sum of a metric over all its labels that match. */
  async metric(name: string, labels: Record<string, string> = {}): Promise<number> {
    const text = await (await fetch(`${await this.admin()}/metrics`)).text();
    return text
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .filter((line) => Object.entries(labels).every(([label, value]) => line.includes(`${label}="${value}"`)))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  /** Sends the signal and waits for the end. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<SluiceExit> {
    this.#child.kill(signal);
    return this.exited;
  }

  #fail(what: string): never {
    throw new Error(`sluice ${what}\n${this.#stderr}${this.#stdout}`);
  }
}
