import ZongJi from '@vlasky/zongji';
import type { Connection } from 'mysql2';
import type { ResumePoint } from '../model/position.ts';
import type { ChangeBatch } from '../model/row-change.ts';
import type { Clock } from '../ports.ts';
import type { MysqlAddress } from '../runtime/config/config.ts';
import { BinlogTap } from './binlog-tap.ts';
import { clientOptions } from './connection-settings.ts';
import type { Decoder } from './decoder.ts';
import { prepareReplica } from './replica-session.ts';
import { Watchdog } from './watchdog.ts';
import { internalsOf } from './zongji-internals.ts';

export interface BinlogStreamOptions {
  readonly address: MysqlAddress;
  readonly from: ResumePoint;
  readonly decoder: Decoder;
  readonly serverId: number;
  readonly replicaUuid: string;
  readonly heartbeatMs: number;
  readonly connectTimeoutMs: number;
  readonly netWriteTimeoutMs: number;
  /** Decoded and not pulled: beyond it the connection is paused, at half of it resumed. */
  readonly maxBufferedBytes: number;
  readonly clock: Clock;
  /** Ends every `next`. */
  readonly signal: AbortSignal;
  /** Called once, with the first event: the server has accepted the position. */
  readonly onStreaming: () => void;
}

/**
 * One connection attempt: one zongji instance from connecting to its first error. Pull batches with `next()`; nothing
 * is pushed. An instance is never used again: after a dead connection zongji does not start a second time.
 *
 * A batch reaches a consumer that waits in the same tick in which its chunk of the socket was parsed: while a chunk is
 * parsed (synchronously, event by event) the decoder collects, and its end wakes the consumer.
 */
export class BinlogStream {
  readonly #options: BinlogStreamOptions;
  readonly #zongji: ZongJi;
  readonly #watchdog: Watchdog;
  #tap: BinlogTap | null = null;
  #failure: { readonly error: unknown } | null = null;
  #wake: (() => void) | null = null;
  #streaming = false;
  #paused = false;

  constructor(options: BinlogStreamOptions) {
    this.#options = options;
    const { address, connectTimeoutMs, heartbeatMs, clock } = options;
    this.#zongji = new ZongJi(clientOptions(address, connectTimeoutMs));
    this.#watchdog = new Watchdog({ clock, onDead: (error) => this.#fail(error) });
    this.#watchdog.allow(connectTimeoutMs + heartbeatMs, 'the server did not start the stream');
  }

  start(): void {
    this.#options.signal.addEventListener('abort', this.#wakeConsumer);
    const { position } = this.#options.from;
    this.#zongji.on('ready', () => this.#onReady());
    this.#zongji.on('error', (error: Error) => this.#fail(error));
    const { file, offset } = position.coordinates;
    this.#zongji.start({
      serverId: this.#options.serverId,
      ...(position.gtidSet === null ? { filename: file, position: offset } : { gtidSet: position.gtidSet }),
    });
  }

  /**
   * The next batch, waiting for one. What was decoded before the stream broke is handed out first; then it throws the
   * reason. Rejects with the signal's reason when aborted. One call at a time.
   */
  async next(): Promise<ChangeBatch> {
    for (;;) {
      this.#options.signal.throwIfAborted();
      const batch = this.#options.decoder.take();
      if (batch !== null) {
        if (this.#options.decoder.bufferedBytes <= this.#options.maxBufferedBytes / 2) this.#resume();
        return batch;
      }
      if (this.#failure !== null) throw this.#failure.error;
      // Only more events can complete what is buffered, however full it is.
      this.#resume();
      await this.#event();
    }
  }

  /** Ends the dump and frees both connections. Nothing is delivered any more. */
  async stop(): Promise<void> {
    this.#failure ??= { error: new Error('stopped') };
    this.#tap?.close();
    this.#watchdog.stop();
    this.#options.signal.removeEventListener('abort', this.#wakeConsumer);
    // What is still in the sockets raises errors after the stop: nobody may be listening, and nobody must have to.
    this.#zongji.removeAllListeners();
    this.#zongji.on('error', () => undefined);
    await new Promise<void>((resolve) => {
      this.#zongji.once('stopped', resolve);
      this.#zongji.stop();
    });
  }

  #onReady(): void {
    const { decoder, serverId: _serverId, ...session } = this.#options;
    const { connection, ctrlConnection } = this.#zongji;
    if (connection === null || ctrlConnection === null) return;
    prepareReplica(connection, ctrlConnection, session, (error) => this.#fail(error));
    this.#tap = new BinlogTap({
      zongji: internalsOf(this.#zongji),
      onEvent: (bytes, start, end) => decoder.push(bytes, start, end),
      onChunk: () => this.#flush(),
      onBroken: (error) => this.#fail(error),
    });
  }

  /** The chunk is parsed. */
  #flush(): void {
    if (this.#failure !== null) return;
    if (!this.#streaming) {
      this.#streaming = true;
      this.#options.onStreaming();
    }
    this.#watchdog.allow(3 * this.#options.heartbeatMs, 'three heartbeats are missing');
    this.#wakeConsumer();
    this.#pauseIfFull();
  }

  /** Here no packet of the chunk is left. */
  #pauseIfFull(): void {
    if (this.#paused || this.#options.decoder.bufferedBytes <= this.#options.maxBufferedBytes) return;
    this.#paused = true;
    // As long as we do not read, no heartbeat can come: the silence is ours.
    this.#watchdog.stop();
    this.#binlogConnection()?.pause();
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    // From a fresh tick: resuming parses what waits, and this call may stand inside a parse.
    setImmediate(() => {
      if (this.#failure !== null) return;
      this.#watchdog.allow(3 * this.#options.heartbeatMs, 'three heartbeats are missing');
      this.#binlogConnection()?.resume();
    });
  }

  #binlogConnection(): Connection | null {
    return this.#zongji.connection;
  }

  #fail(error: unknown): void {
    if (this.#failure !== null) return;
    this.#failure = { error };
    this.#tap?.close();
    this.#watchdog.stop();
    this.#wakeConsumer();
  }

  #event(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  /** Also a listener of the signal: one for the whole stream, as a new one for each batch costs more than the rest of its way. */
  readonly #wakeConsumer = (): void => {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  };
}
