import type { Command } from 'commander';
import type { Daemon, Runtime } from '../daemon.ts';
import { LiveRules } from '../live-rules/live-rules.ts';
import { AdminServer, type RulesAdmin } from '../runtime/admin-server.ts';
import { aborted } from '../runtime/aborted.ts';
import { adminUrl } from '../runtime/admin-url.ts';
import { systemClock } from '../runtime/clock.ts';
import type { LoadedConfig } from '../runtime/config/load.ts';
import { ERRORS, ProblemsError, SluiceError, errorMessage, formatProblem } from '../runtime/errors.ts';
import { createLogger } from '../runtime/logger.ts';
import { Metrics } from '../runtime/metrics.ts';
import { notReadyReasons } from '../runtime/readiness.ts';
import { catchReloadSignal } from '../runtime/reload-signal.ts';
import { catchStopSignals } from '../runtime/stop-signal.ts';
import { preflight, preflightRules, type Part } from '../preflight.ts';
import { rulesAdmin, watchRules } from './daemon-rules.ts';
import { loadAll, readRules } from './load-rules.ts';

/** For what is closed behind an error: the admin server, the audit file. */
const END_MS = 3_000;

export interface DaemonOptions {
  readonly name: 'run' | 'capture' | 'apply';
  readonly description: string;
  readonly help: string;
  /** The only transport it works with. */
  readonly transport: 'in_process' | 'kafka';
  /** The servers this command needs. */
  readonly parts: readonly Part[];
  readonly build: (runtime: Runtime) => Daemon;
}

/** A command that runs until it is told to stop: load everything, refuse everything wrong at once, then run. */
export function registerDaemon(program: Command, options: DaemonOptions): void {
  program
    .command(options.name)
    .description(options.description)
    .option('-c, --config <file>', 'configuration (default: ./sluice.yaml, then /etc/sluice/sluice.yaml)')
    .addHelpText('after', options.help)
    .action(({ config }: { config?: string }) => runDaemon(options, config));
}

async function runDaemon(options: DaemonOptions, file: string | undefined): Promise<void> {
  const hangUp = catchReloadSignal();
  const { loaded, ...onDisk } = loadAll(file, process.env);
  const { ruleSet } = onDisk;
  refuseOtherTransport(options, loaded);
  const logger = createLogger(loaded.config.log.level);
  // Libraries print for a person (ioredis: a password that the server did not ask for); here stderr is a log.
  console.warn = (...words: readonly unknown[]) => logger.warn(words.map(String).join(' '));
  for (const warning of [...loaded.warnings, ...ruleSet.warnings.map(formatProblem)]) logger.warn(warning);
  const metrics = new Metrics();

  const stop = catchStopSignals((signal) => logger.info({ signal }, 'draining; a second signal ends at once'));
  const checked = preflight({ loaded, ruleSet, parts: options.parts, mode: 'prepare', logger });
  // Servers that do not answer take their time to say so, and nothing is in flight yet that a stop had to wait for.
  await Promise.race([checked, aborted(stop.signal)]);
  if (stop.signal.aborted) {
    checked.catch(() => undefined);
    stop.raiseAgain();
    return;
  }

  const rules = new LiveRules({
    initial: onDisk,
    load: () => readRules(loaded.config.rules),
    checkLive: (changed) => preflightRules({ loaded, ruleSet: changed, parts: options.parts, logger }),
    signal: stop.signal,
    clock: systemClock,
    logger: logger.child({ component: 'rules' }),
    metrics,
  });
  const daemon = options.build({ config: loaded.config, rules, logger, metrics, clock: systemClock });
  const admin = new AdminServer({
    ...loaded.config.admin,
    metrics,
    notReady: () => notReady(daemon, metrics),
    audit: daemon.audit,
    rules: withStandbyNote(rulesAdmin(rules, stop.signal), daemon),
    logger,
  });
  const { host, port } = await listen(admin, loaded);
  logger.info({ command: options.name, rules: ruleSet.hash, admin: adminUrl(host, port) }, 'started');
  hangUp.on(() => {
    if (!stop.signal.aborted) void rules.reload('signal');
  });
  const watch = watchRules(loaded.config, onDisk.fingerprint, rules);
  stop.signal.addEventListener('abort', () => watch?.close(), { once: true });
  try {
    await daemon.run(stop.signal);
    logger.info('stopped');
  } catch (error) {
    // From here on stderr is a stream of JSON lines: the reason is one of them, not a text for a person.
    logger.fatal(errorFields(error), 'stopped by an error; nothing unacknowledged was skipped');
    process.exitCode = error instanceof SluiceError ? error.exitCode : 1;
    endSoon();
  } finally {
    watch?.close();
    await admin.close();
    await daemon.audit?.close();
  }
  stop.raiseAgain();
}

/** A standby has no links yet, and is ready: to take over. */
async function notReady(daemon: Daemon, metrics: Metrics): Promise<string[]> {
  const { lease } = daemon;
  if (lease?.isStandby() === true) return [];
  const noLease = lease === undefined || lease.isHeld() ? [] : ['the lease is not held'];
  return [...noLease, ...(await notReadyReasons(metrics, daemon.links)), ...(daemon.notReady?.() ?? [])];
}

function withStandbyNote(rules: RulesAdmin, { lease }: Daemon): RulesAdmin {
  const standby = (): string[] => (lease?.isStandby() === true ? ['standby: another process holds the lease'] : []);
  return { ...rules, notes: () => [...rules.notes(), ...standby()] };
}

/** kafkajs may keep a timer of a connection that ended while it was being made: that must not keep a process which has given up. */
function endSoon(): void {
  setTimeout(() => process.exit(), END_MS).unref();
}

async function listen(admin: AdminServer, { config, problem }: LoadedConfig): Promise<{ host: string; port: number }> {
  try {
    return await admin.listen();
  } catch (error) {
    const message = `the admin server cannot listen on ${config.admin.host}:${config.admin.port}: ${errorMessage(error)}`;
    const remedy = 'Choose another `admin.port` (0: any free one) or `admin.host`.';
    throw new ProblemsError('CONFIG_INVALID', [problem(['admin', 'port'], message, remedy)]);
  }
}

function errorFields(error: unknown): object {
  if (error instanceof SluiceError)
    return { code: error.code, reason: error.message, remedy: ERRORS[error.code].remedy };
  return { err: error };
}

function refuseOtherTransport({ name, transport }: DaemonOptions, loaded: LoadedConfig): void {
  if (loaded.config.transport.kind === transport) return;
  const remedy =
    transport === 'kafka'
      ? 'Set `transport.kind: kafka` and the brokers, or use `sluice run`.'
      : 'Use `sluice capture` and `sluice apply`, or take the Kafka transport out.';
  const message = `\`sluice ${name}\` works with \`transport.kind: ${transport}\` only`;
  throw new ProblemsError('CONFIG_INVALID', [loaded.problem(['transport', 'kind'], message, remedy)]);
}
