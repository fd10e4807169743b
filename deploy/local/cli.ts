/** `npm run services:up | services:down | services:status`, each followed by names, or by none for all. */
import { shownText } from './address.ts';
import { isServiceName, SERVICE_NAMES, type Progress, type ServiceName } from './names.ts';
import { kcatCommand } from './services.ts';
import { ensureServices, findService, stopServices } from './shared.ts';

const progress: Progress = (line) => void process.stderr.write(`${line}\n`);
const print = (line: string): void => void process.stdout.write(`${line}\n`);

async function up(names: readonly ServiceName[]): Promise<void> {
  const [addresses] = await Promise.all([
    ensureServices(names, progress),
    // Not a server, but what a person looks into the topics with, so it belongs to having Kafka.
    names.includes('kafka') ? kcatCommand(progress) : undefined,
  ]);
  for (const name of names) print(`${name.padEnd(12)} ${shownText(addresses[name])}`);
}

async function down(names: readonly ServiceName[]): Promise<void> {
  const stopped = await stopServices(names);
  print(stopped.length > 0 ? `stopped ${stopped.join(', ')}` : 'nothing of ours was running');
}

async function status(names: readonly ServiceName[]): Promise<void> {
  const rows = await Promise.all(names.map(statusRow));
  table([['name', 'state', 'how', 'address', 'version'], ...rows]);
}

async function statusRow(name: ServiceName): Promise<string[]> {
  try {
    const address = await findService(name);
    if (!address) return [name, 'stopped', '-', '-', '-'];
    return [name, 'running', address.how, shownText(address), address.version];
  } catch (error) {
    // Only an address from the environment can fail to answer; anything of ours would be started again.
    return [name, 'no answer', 'environment', error instanceof Error ? error.message : String(error), '-'];
  }
}

function table(rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of rows)
    print(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}

const commands: Partial<Record<string, (names: readonly ServiceName[]) => Promise<void>>> = { up, down, status };

async function main([word = '', ...rest]: readonly string[]): Promise<void> {
  const command = commands[word];
  const unknown = rest.filter((name) => !isServiceName(name));
  if (!command || unknown.length > 0) {
    throw new Error(`usage: up | down | status [${SERVICE_NAMES.join(' | ')}]…`);
  }
  await command(rest.length > 0 ? rest.filter(isServiceName) : SERVICE_NAMES);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  progress(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
