/** Where and with what a run was made: numbers without that mean nothing. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { arch, cpus, loadavg, totalmem, type } from 'node:os';
import type { Addresses } from '../deploy/local/services.ts';

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  /** When the run began: what else the machine was doing. */
  readonly load: number;
  readonly versions: Readonly<Record<string, string>>;
}

export function describeMachine(addresses: Partial<Addresses>): Machine {
  const versions: Record<string, string> = { 'Node.js': process.version, 'Sluice (commit)': commit() };
  for (const [name, address] of Object.entries(addresses)) versions[name] = address.version;
  for (const name of ['@vlasky/zongji', 'mysql2', 'kafkajs', 'ioredis']) versions[name] = versionOf(name);
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${arch()}`,
    load: loadavg()[0] ?? 0,
    versions,
  };
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    // A release is no checkout.
    return 'unknown';
  }
}

function versionOf(name: string): string {
  const manifest = readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
