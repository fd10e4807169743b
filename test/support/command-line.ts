import { Command, CommanderError } from 'commander';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { reportError } from '../../src/cli/report-error.ts';

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command in this process as main.ts would, and gives what it printed and its exit code. */
export async function runCommand(register: (program: Command) => void, ...args: string[]): Promise<CommandResult> {
  const out: string[] = [];
  const err: string[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((text: unknown) => void out.push(String(text)));
  const error = vi.spyOn(console, 'error').mockImplementation((text: unknown) => void err.push(String(text)));
  const before = process.exitCode;
  process.exitCode = 0;
  try {
    const program = new Command('sluice').exitOverride().configureOutput({ writeErr: (text) => void err.push(text) });
    register(program);
    await program.parseAsync(['node', 'sluice', ...args]);
    return { code: Number(process.exitCode), stdout: out.join('\n'), stderr: err.join('\n') };
  } catch (thrown) {
    const code = thrown instanceof CommanderError ? 2 : reportError(thrown);
    return { code, stdout: out.join('\n'), stderr: err.join('\n') };
  } finally {
    process.exitCode = before;
    log.mockRestore();
    error.mockRestore();
  }
}

/** A folder with these files; taken away when the test ends. */
export function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}
