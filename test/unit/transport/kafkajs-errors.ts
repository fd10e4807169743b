/** Errors as kafkajs 2.2.4 throws them; its own classes are not exported to ES modules. */
export class KafkaJSProtocolError extends Error {
  override readonly name = 'KafkaJSProtocolError';
  readonly type: string;
  readonly retriable: boolean;

  constructor(type: string, retriable: boolean) {
    super(`broker said ${type}`);
    this.type = type;
    this.retriable = retriable;
  }
}

export class KafkaJSConnectionError extends Error {
  override readonly name = 'KafkaJSConnectionError';
  readonly retriable = true;
}

/** What its retrier throws in the end: never retriable itself, the reason is its cause. */
export class KafkaJSNumberOfRetriesExceeded extends Error {
  override readonly name = 'KafkaJSNumberOfRetriesExceeded';
  readonly retriable = false;

  constructor(cause: Error) {
    super(cause.message, { cause });
  }
}
