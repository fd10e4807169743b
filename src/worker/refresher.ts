import type { RefreshInvalidation, RefreshPlan } from '../model/invalidation.ts';
import type { RowQuery, RowReader } from '../ports.ts';
import { errorMessage, SluiceError } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import { concurrently } from './concurrently.ts';
import { removal, storeRows, type Random, type RefreshQuery, type RefreshResult } from './plan-refresh.ts';
import type { TargetRetry } from './target-retry.ts';

/** Queries of one batch that may run at once; the reader's own pool is the bound over all batches. */
const QUERIES_AT_ONCE = 8;

/** A refresh whose value has to be read first. */
export interface QueryTask {
  readonly invalidation: RefreshInvalidation;
  readonly plan: RefreshPlan;
  readonly query: RefreshQuery;
  readonly done: (result: RefreshResult) => void;
}

export interface RefresherOptions {
  /** Null only if no plan has a query. */
  readonly reader: RowReader | null;
  readonly retry: TargetRetry;
  readonly logger: Logger;
  readonly random: Random;
}

/**
 * Runs the queries of refreshes. Each waits until its record's transaction is visible, so what it finds is at least
 * as new as the record's version; should it find something newer, the record of that change is still to come.
 */
export class Refresher {
  readonly #options: RefresherOptions;
  /** One line when it begins, not one for each row. */
  #isBehind = false;

  constructor(options: RefresherOptions) {
    this.#options = options;
  }

  /** Resolves when every task is done. A reader that does not answer is retried until the signal aborts. */
  run(tasks: readonly QueryTask[], signal: AbortSignal): Promise<void> {
    return concurrently(tasks, QUERIES_AT_ONCE, async ({ invalidation, plan, query, done }) => {
      const { sql, parameters } = query;
      const { database, gtid } = invalidation.origin;
      try {
        const rows = await this.#options.retry.until(() => this.#read({ sql, parameters, database, gtid }), signal);
        this.#tell(rows === null, gtid);
        // What could be read is older than the record: never under its version.
        if (rows === null) done({ kind: 'command', command: removal(invalidation) });
        else done(storeRows(invalidation, plan, rows, this.#options.random));
      } catch (error) {
        if (!(error instanceof SluiceError && error.code === 'READ_REFUSED')) throw error;
        done({ kind: 'impossible', reason: `${error.code}: ${errorMessage(error)}` });
      }
    });
  }

  #tell(isBehind: boolean, gtid: string | null): void {
    if (isBehind && !this.#isBehind) {
      this.#options.logger.warn(
        { gtid },
        'the server for queries has not got this transaction, and nothing brings it: keys are deleted instead of refreshed. Is its replication stopped?',
      );
    }
    this.#isBehind = isBehind;
  }

  #read(query: RowQuery): ReturnType<RowReader['read']> {
    if (this.#options.reader === null) throw new Error('a refresh query without a reader');
    return this.#options.reader.read(query);
  }
}
