import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A program beside the bench, killed when the bench ends. */
export interface Child {
  readonly pid: number;
  /** Resolves when the text has appeared on one of its outputs; throws all of them if it ends before. */
  said(text: string): Promise<void>;
  /** All that it has printed on its standard output, once it has ended with exit code 0. */
  output(): Promise<string>;
  stop(): Promise<void>;
}

/** A TypeScript file of this folder, with its settings as JSON. */
export function startScript(file: string, settings: object): Child {
  const script = fileURLToPath(new URL(file, import.meta.url));
  return startChild(process.execPath, ['--import', 'tsx', script, JSON.stringify(settings)]);
}

export function startChild(program: string, args: readonly string[]): Child {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const reap = (): void => void child.kill('SIGKILL');
  process.once('exit', reap);
  let [output, log] = ['', ''];
  let listeners: (() => void)[] = [];
  const heard = (text: string): void => {
    log += text;
    for (const listener of listeners) listener();
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    heard(text);
  });
  child.stderr.setEncoding('utf8').on('data', heard);
  const closed = once(child, 'close').then(([code]) => {
    process.off('exit', reap);
    return code as number | null;
  });
  const fail = (code: number | null): never => {
    throw new Error(`${program} ended with ${code}: ${log.slice(-4000)}`);
  };
  return {
    pid: child.pid ?? -1,
    said: async (text) => {
      const found = new Promise<void>((resolve) => {
        const look = (): void => {
          if (!log.includes(text)) return;
          listeners = listeners.filter((each) => each !== look);
          resolve();
        };
        listeners.push(look);
        look();
      });
      await Promise.race([found, closed.then((code) => (log.includes(text) ? undefined : fail(code)))]);
    },
    output: async () => {
      const code = await closed;
      return code === 0 ? output : fail(code);
    },
    stop: async () => {
      child.kill('SIGKILL');
      await closed;
    },
  };
}
