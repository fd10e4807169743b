import { InvalidArgumentError, type Command } from 'commander';
import type { Invalidation } from '../model/invalidation.ts';
import { adminUrl } from '../runtime/admin-url.ts';
import { compileFilter, filterToQuery, type AuditFilter } from '../runtime/audit-filter.ts';
import type { Config } from '../runtime/config/config.ts';
import { loadConfigFile } from '../runtime/config/load.ts';
import { SluiceError } from '../runtime/errors.ts';
import { catchStopSignals } from '../runtime/stop-signal.ts';
import { decodeRecord } from '../transport/record-decoder.ts';
import { linesOf } from './lines.ts';
import { parseSince } from './since.ts';
import { formatInvalidation, printable } from './tail-format.ts';
import { refuseMissingTopic, tailTopic } from './tail-topic.ts';

interface TailFlags extends AuditFilter {
  readonly config?: string;
  readonly daemon?: string;
  readonly json?: boolean;
  readonly since?: number;
}

export function registerTail(program: Command): void {
  program
    .command('tail')
    .description('Follow the invalidations of a Kafka topic or of a running daemon')
    .option('-c, --config <file>', 'configuration: says which topic, or where the daemon listens')
    .option('--daemon <url>', 'follow this daemon, e.g. http://127.0.0.1:8080', parseUrl)
    .option('--key <glob>', 'only these cache keys')
    .option('--table <glob>', 'only these tables: table, or database.table')
    .option('--rule <name>', 'only this rule')
    .option('--since <time>', 'begin in the past: 10m, or 2026-01-31T12:00:00Z', parseSince)
    .option('--json', 'records as JSON, one per line')
    .addHelpText(
      'after',
      `
Examples:
  sluice tail --config sluice.yaml --key 'product:1*'       who invalidated this key, when, and because of which row?
  sluice tail --config sluice.yaml --table shop.orders --since 10m
  sluice tail --daemon http://127.0.0.1:8080 --json | jq .key

A daemon remembers the newest 10,000 invalidations for --since; a topic as far back as its retention.`,
    )
    .action(tail);
}

async function tail(flags: TailFlags): Promise<void> {
  const { since, key, table, rule } = flags;
  const filter: AuditFilter = {
    ...(key === undefined ? {} : { key }),
    ...(table === undefined ? {} : { table }),
    ...(rule === undefined ? {} : { rule }),
    ...(since === undefined ? {} : { sinceMs: since }),
  };
  const loaded = flags.daemon === undefined ? loadConfigFile(flags.config, process.env) : null;
  const config = loaded?.config ?? null;
  if (loaded?.config.transport.kind === 'kafka') await refuseMissingTopic(loaded, loaded.config.transport);
  const stop = catchStopSignals(() => undefined);
  const matches = compileFilter(filter);
  for await (const item of follow(flags, filter, config, stop.signal)) {
    if (typeof item === 'string') console.error(printable(item));
    else if (matches(item.invalidation)) {
      console.log(flags.json === true ? item.text : formatInvalidation(item.invalidation));
    }
  }
  stop.raiseAgain();
}

/** An invalidation and its record's text, or a sentence about a record that cannot be read. */
type Followed = { readonly invalidation: Invalidation; readonly text: string } | string;

function follow(
  flags: TailFlags,
  filter: AuditFilter,
  config: Config | null,
  signal: AbortSignal,
): AsyncIterable<Followed> {
  if (config?.transport.kind === 'kafka') return tailTopic(config.transport, filter.sinceMs, signal);
  const url = flags.daemon ?? (config === null ? '' : adminUrl(config.admin.host, config.admin.port));
  return tailDaemon(`${url.replace(/\/$/, '')}/v1/invalidations?${filterToQuery(filter)}`, signal);
}

async function* tailDaemon(url: string, signal: AbortSignal): AsyncIterable<Followed> {
  try {
    const response = await fetch(url, { signal });
    if (!response.ok || response.body === null)
      throw new Error(`it answered ${response.status} ${await response.text()}`);
    for await (const text of linesOf(response.body)) {
      const { key, partition_key } = JSON.parse(text) as { key: string; partition_key?: string };
      const item = decodeRecord({ key: Buffer.from(partition_key ?? key), value: Buffer.from(text) }, url);
      yield item.kind === 'invalidation' ? { invalidation: item.invalidation, text } : `unreadable: ${item.reason}`;
    }
    if (!signal.aborted) throw new Error('it closed the stream');
  } catch (error) {
    if (signal.aborted) return;
    throw new SluiceError('DAEMON_UNAVAILABLE', `${url}: ${reasonOf(error)}`, { cause: error });
  }
}

/** fetch hides the reason ("fetch failed") in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}

function parseUrl(text: string): string {
  if (!URL.canParse(text)) throw new InvalidArgumentError('Use a URL such as http://127.0.0.1:8080.');
  return text;
}
