import type { PositionTracker } from '../model/position-tracker.ts';
import type { ChangeBatch } from '../model/row-change.ts';
import { BinlogStream } from './binlog-stream.ts';
import type { Decoder } from './decoder.ts';
import { LogIdentities } from './log-identities.ts';
import type { MysqlChangeSourceOptions } from './mysql-change-source.ts';
import { checkContinuity, checkResume } from './resume-check.ts';
import { replicaUuid } from './server-id.ts';
import type { ServerFacts } from './server-facts.ts';
import { openSession, type Session } from './session.ts';

/** A log that was reset must not stay unnoticed for long; two short questions. */
const CHECK_EVERY_MS = 5_000;

/** What an attempt is made of, once it is allowed and the position is known to be there. */
interface Parts {
  readonly tracker: PositionTracker;
  readonly session: Session;
  readonly facts: ServerFacts;
  readonly files: LogIdentities;
  readonly stream: BinlogStream;
}

/** One connection attempt: a session for questions beside the stream, which is checked while it goes on. */
export class DumpAttempt {
  readonly #options: MysqlChangeSourceOptions;
  readonly #parts: Parts;
  readonly #signal: AbortSignal;
  #checkedAtMs: number;

  private constructor(options: MysqlChangeSourceOptions, parts: Parts, signal: AbortSignal) {
    this.#options = options;
    this.#parts = parts;
    this.#signal = signal;
    this.#checkedAtMs = options.clock.monotonicMs();
  }

  /** Begins behind the tracker's position. `follow` is told the decoder. */
  static async begin(
    options: MysqlChangeSourceOptions,
    tracker: PositionTracker,
    follow: (decoder: Decoder) => void,
    signal: AbortSignal,
  ): Promise<DumpAttempt> {
    await options.permit?.(signal);
    const session = await openSession(options.address, options.connectTimeoutMs);
    let stream: BinlogStream | undefined;
    try {
      const from = tracker.resumePoint();
      const { clock } = options;
      const facts = await checkResume(session, from.position, { clock, signal });
      const files = new LogIdentities({ position: from.position, serverUuid: facts.serverUuid });
      const decoder = options.createDecoder(from, {
        lowerCaseNames: facts.lowerCaseNames,
        onFile: (file, beganMs) => files.note(file, beganMs),
      });
      follow(decoder);
      // Once more: time has passed since, and for a process that was stopped meanwhile it may have been long.
      await options.permit?.(signal);
      stream = new BinlogStream({
        ...options,
        replicaUuid: replicaUuid(options.pipeline, options.serverId),
        from,
        decoder,
        signal,
        onStreaming: () => {
          options.metrics.set('sluice_source_connected', { pipeline: options.pipeline }, 1);
          options.logger.info({ position: from.position.gtidSet ?? from.position.coordinates }, 'streaming');
        },
      });
      stream.start();
      return new DumpAttempt(options, { tracker, session, facts, files, stream }, signal);
    } catch (error) {
      await stream?.stop();
      session.close();
      throw error;
    }
  }

  /** The next batch; throws the reason why there is none, or the signal's. One call at a time. */
  async next(): Promise<ChangeBatch> {
    const { clock } = this.#options;
    const { tracker, session, facts, files, stream } = this.#parts;
    const batch = await stream.next();
    if (clock.monotonicMs() - this.#checkedAtMs >= CHECK_EVERY_MS || files.hasLeftFile(batch)) {
      await checkContinuity(session, tracker.position(), facts, { clock, signal: this.#signal });
      this.#checkedAtMs = clock.monotonicMs();
    }
    return files.identified(batch);
  }

  async close(): Promise<void> {
    const { pipeline, metrics } = this.#options;
    try {
      metrics.set('sluice_source_connected', { pipeline }, 0);
      await this.#parts.stream.stop();
    } finally {
      this.#parts.session.close();
    }
  }
}
