import { decodeCheckpoint, encodeCheckpoint } from '../model/checkpoint.ts';
import type { Checkpoint, CheckpointStore, Clock } from '../ports.ts';
import { SluiceError, errorMessage } from '../runtime/errors.ts';
import type { Logger } from '../runtime/logger.ts';
import { unlessAborted } from '../runtime/unless-aborted.ts';
import { CheckpointLog, tokenAt } from './kafka-checkpoint-log.ts';
import type { KafkaConnection } from './kafka-client.ts';
import { describeKafkaError } from './kafka-errors.ts';
import { produce, type ProducerClient } from './kafka-producer.ts';
import { createKafkajsProducer } from './kafkajs-producer.ts';
import { KafkaReader } from './kafka-reader.ts';
import { rawText } from './record-decoder.ts';
import { askBrokers, within } from './time-limit.ts';

export interface KafkaCheckpointStoreOptions {
  readonly connection: KafkaConnection;
  /** A compacted topic with one partition (`ensureTopics` creates it). */
  readonly topic: string;
  /** The record keys begin with it: several daemons may share the topic. */
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

const PARTITION = 0;
const MAX_FAILURES = 5;
const DISCONNECT_LIMIT_MS = 1_000;

/**
 * The checkpoint as the last record of a key in a compacted topic, a key for each fencing token (CheckpointLog says which counts),
 * durable on all in-sync replicas when `save` resolves. A save that failed is given up, not repeated behind the caller's
 * back; should it arrive late after all, an older checkpoint stands last, and a restart repeats more.
 */
export class KafkaCheckpointStore implements CheckpointStore {
  readonly #options: KafkaCheckpointStoreOptions;
  #producer: ProducerClient | undefined;
  #reader: KafkaReader | undefined;
  #log: CheckpointLog;
  /** Everything before it is in the log. */
  #nextOffset = 0;
  /** The token whose older slots are removed. */
  #tidied = 0;
  #turn: Promise<unknown> = Promise.resolve();
  /** Aborted by `close`. */
  readonly #closing = new AbortController();

  constructor(options: KafkaCheckpointStoreOptions) {
    this.#options = options;
    this.#log = new CheckpointLog(options.name);
  }

  /** Reads the topic to its end: compaction keeps it short. Throws TRANSPORT_UNAVAILABLE if Kafka does not answer. */
  load(): Promise<Checkpoint | null> {
    return this.#inTurn(async () => {
      this.#forget();
      await this.#catchUp();
      const current = this.#log.current();
      if (current === null) return null;
      try {
        return decodeCheckpoint(rawText(current.value));
      } catch (error) {
        const message = `record ${this.#log.slotKey(current.token)} of topic ${this.#options.topic}: ${errorMessage(error)}`;
        throw new SluiceError('CHECKPOINT_UNREADABLE', message, { cause: error });
      }
    });
  }

  claim(): Promise<number> {
    return this.#write(async () => {
      const offset = await this.#produce(this.#log.claimKey, Buffer.from(String(this.#options.clock.now()), 'utf8'));
      const token = tokenAt(offset);
      await this.#catchUp();
      const current = this.#log.current();
      // A copy: a save of the token before that comes late would make compaction remove the one that counts.
      if (current !== null && current.token !== token && this.#log.isNewest(token)) {
        await this.#produce(this.#log.slotKey(token), current.value);
      }
      return token;
    });
  }

  isNewest(token: number): Promise<boolean> {
    return this.#write(async () => {
      await this.#catchUp();
      return this.#log.isNewest(token);
    });
  }

  save(checkpoint: Checkpoint, token: number): Promise<void> {
    return this.#write(async () => {
      await this.#refuseOld(token);
      await this.#produce(this.#log.slotKey(token), Buffer.from(encodeCheckpoint(checkpoint), 'utf8'));
      // A claim that came before it in the log voids it.
      await this.#refuseOld(token);
      if (this.#tidied !== token) await this.#tidy(token);
    });
  }

  /** For good; what it is about at the moment ends at once, though a broker does not answer. */
  async close(): Promise<void> {
    const message = `topic ${this.#options.topic}: the store is closed`;
    this.#closing.abort(new SluiceError('CHECKPOINT_UNAVAILABLE', message));
    await this.#disconnect();
  }

  async #disconnect(): Promise<void> {
    const [producer, reader] = [this.#producer, this.#reader];
    this.#producer = undefined;
    this.#reader = undefined;
    // It waits for answers that a silent broker never gives, and everything else waits for it.
    await within(DISCONNECT_LIMIT_MS, Promise.allSettled([producer?.disconnect(), reader?.close()]));
  }

  async #refuseOld(token: number): Promise<void> {
    await this.#catchUp();
    if (this.#log.isNewest(token)) return;
    const { topic, name } = this.#options;
    const message = `${name} in topic ${topic}: another process has claimed a token newer than ${token}`;
    throw new SluiceError('LEASE_LOST', message);
  }

  async #tidy(token: number): Promise<void> {
    for (const useless of this.#log.useless(token)) await this.#produce(this.#log.slotKey(useless), null);
    this.#tidied = token;
  }

  /** One after another: they share a reader. Cut off by `close`. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(() => {
      this.#closing.signal.throwIfAborted();
      return unlessAborted(work(), this.#closing.signal);
    });
    this.#turn = done.catch(() => undefined);
    return done;
  }

  #write<T>(work: () => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      try {
        return await work();
      } catch (error) {
        // Fresh clients next time: the producer may have lost its sequence.
        await this.#disconnect();
        if (error instanceof SluiceError && error.code === 'LEASE_LOST') throw error;
        const message = `topic ${this.#options.topic}: ${describeKafkaError(error)}`;
        throw new SluiceError('CHECKPOINT_UNAVAILABLE', message, { cause: error });
      }
    });
  }

  async #produce(key: string, value: Buffer | null): Promise<number> {
    this.#closing.signal.throwIfAborted();
    if (this.#producer === undefined) {
      this.#producer = createKafkajsProducer(this.#options);
      await askBrokers(this.#producer.connect());
    }
    return askBrokers(produce(this.#producer, this.#options.topic, PARTITION, [{ key, value, partition: PARTITION }]));
  }

  #forget(): void {
    this.#log = new CheckpointLog(this.#options.name);
    this.#nextOffset = 0;
  }

  async #catchUp(): Promise<void> {
    this.#closing.signal.throwIfAborted();
    this.#reader ??= new KafkaReader({ ...this.#options, maxFailures: MAX_FAILURES });
    const from = { kind: 'offset', offset: this.#nextOffset } as const;
    try {
      for await (const records of this.#reader.toEnd(from, this.#closing.signal)) {
        for (const { offset, key, value } of records) {
          this.#nextOffset = offset + 1;
          if (key !== null) this.#log.add({ offset, key: key.toString('utf8'), value });
        }
      }
    } catch (error) {
      await this.#reader?.close();
      this.#reader = undefined;
      throw error;
    }
  }
}
