import type { JsonValue } from '../../model/row-change.ts';
import type { Clock, RowLookup } from '../../ports.ts';
import { fullJitterMs } from '../../runtime/backoff.ts';
import { SluiceError } from '../../runtime/errors.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import { unlessAborted } from '../../runtime/unless-aborted.ts';
import type { LookupAnswer } from './lookup-answers.ts';
import type { CompiledRule } from '../rule-set.ts';

export interface LookupReaderOptions {
  /** Null: there is nobody to ask; every lookup is then refused. */
  readonly lookup: RowLookup | null;
  readonly clock: Clock;
  readonly metrics: Pick<Metrics, 'count'>;
  readonly logger: Pick<Logger, 'warn' | 'info'> | null;
}

export interface LookupsOfRule {
  readonly rule: CompiledRule;
  readonly database: string;
  readonly gtid: string | null;
  readonly parameters: readonly (readonly JsonValue[])[];
}

/** What was found, or why nothing ever will be. */
export type LookupResult = LookupAnswer | { readonly refused: string };

/** Reads lookups, waiting for a server that is away: a row without its lookup would be a row without its keys. */
export class LookupReader {
  readonly #options: LookupReaderOptions;

  constructor(options: LookupReaderOptions) {
    this.#options = options;
  }

  count({ name: rule }: CompiledRule, { cached, read }: { readonly cached: number; readonly read: number }): void {
    const { metrics } = this.#options;
    if (cached > 0) metrics.count('sluice_lookups_total', { rule, outcome: 'cached' }, cached);
    if (read > 0) metrics.count('sluice_lookups_total', { rule, outcome: 'read' }, read);
  }

  /**
   * One result for each list of parameters. Repeats until it is answered, refused, or aborted; then it throws the signal's
   * reason. A server that refuses refuses the whole statement, and perhaps for one list only: each half is then asked alone.
   */
  async read(lookups: LookupsOfRule, signal: AbortSignal): Promise<readonly LookupResult[]> {
    const { parameters } = lookups;
    const result = await this.#readAll(lookups, signal);
    if (!('refused' in result)) return result;
    if (parameters.length <= 1) return parameters.map(() => result);
    const middle = Math.ceil(parameters.length / 2);
    const first = await this.read({ ...lookups, parameters: parameters.slice(0, middle) }, signal);
    return [...first, ...(await this.read({ ...lookups, parameters: parameters.slice(middle) }, signal))];
  }

  async #readAll(
    { rule, database, gtid, parameters }: LookupsOfRule,
    signal: AbortSignal,
  ): Promise<readonly LookupAnswer[] | { readonly refused: string }> {
    const { lookup, logger } = this.#options;
    if (lookup === null || rule.lookup === null) return { refused: 'there is no server for lookups' };
    const { sql, timeoutMs } = rule.lookup;
    for (let failures = 0; ; failures++) {
      signal.throwIfAborted();
      try {
        const answers = await unlessAborted(lookup.find({ sql, database, gtid, parameters, timeoutMs }), signal);
        if (failures > 0) logger?.info({ rule: rule.name }, 'lookups are answered again');
        return answers;
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof SluiceError)) throw error;
        if (!error.retryable) return { refused: `${error.code}: ${error.message}` };
        await this.#wait(rule, error, failures, signal);
      }
    }
  }

  async #wait({ name: rule }: CompiledRule, error: SluiceError, failures: number, signal: AbortSignal): Promise<void> {
    const { clock, logger, metrics } = this.#options;
    metrics.count('sluice_lookup_retries_total', { rule });
    if (failures === 0) {
      logger?.warn(
        { rule, code: error.code, reason: error.message },
        'lookups are not answered, retrying until they are',
      );
    }
    await clock.sleep(fullJitterMs(failures, { baseMs: 100, maxMs: 10_000 }), signal);
  }
}
