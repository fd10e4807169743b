/** Runs a tool to its end and returns what it printed; a failure carries the tool's own words. */
import { spawn } from 'node:child_process';

export interface RunOptions {
  /** Text for the standard input. */
  input?: string;
  /** Sees the standard output as it comes, to report progress. */
  onOutput?: (text: string) => void;
}

export class ToolFailed extends Error {
  override readonly name = 'ToolFailed';
  /** True when the tool is not installed, rather than unhappy. */
  readonly missing: boolean;

  constructor(tool: string, reason: string, missing: boolean) {
    super(missing ? `${tool} is not installed` : `${tool} failed: ${reason}`);
    this.missing = missing;
  }
}

export function run(command: readonly string[], options: RunOptions = {}): Promise<string> {
  const [tool = '', ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(tool, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      options.onOutput?.(text);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(new ToolFailed(tool, error.message, error.code === 'ENOENT')),
    );
    child.once('close', (code, signal) => {
      if (code === 0) resolve(output);
      else reject(new ToolFailed(tool, `${signal ?? `exit ${code}`}\n${tail(errors || output, 20)}`, false));
    });
    // A tool that ends before it has read its input must not take us down with EPIPE; its exit code says why.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
}

export function tail(text: string, lines: number): string {
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}
