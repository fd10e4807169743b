/** What the errors of @platformatic/kafka 1.35 say of themselves. */
interface LibraryError extends Error {
  readonly code?: string;
  /** The protocol's name, as `NOT_LEADER_OR_FOLLOWER`. */
  readonly apiId?: string;
  readonly canRetry?: boolean;
  /** Where in the answer it stood. */
  readonly path?: string;
  /** In the broker's own words. */
  readonly serverErrorMessage?: string | null;
  readonly errors?: readonly Error[];
}

/** The error of a request, as kafka-errors.ts classifies it. */
export class ProducerError extends Error {
  /** The protocol's name of the error; empty if the broker said nothing. */
  readonly type: string;
  readonly retriable: boolean;

  constructor(name: string, message: string, { type = '', retriable = true } = {}) {
    super(message);
    this.name = name;
    this.type = type;
    this.retriable = retriable;
  }
}

/**
 * The library nests (a failed send → per broker → per partition → the protocol's error; no broker reachable → one per broker), has
 * the same code for time-outs as for connections, and words only for a topic that is missing. Anything unexpected stays what it is.
 */
export function inOurWords(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const all = [...tree(error)];
  const answers = all.filter(({ apiId }) => apiId !== undefined);
  const protocol = answers.find((each) => !isOfRecord(each)) ?? answers[0];
  if (protocol?.apiId !== undefined) {
    const retriable = protocol.canRetry === true;
    const said = new Set(answers.map(({ serverErrorMessage }) => serverErrorMessage ?? ''));
    const message = [protocol.message, ...said].filter((each) => each !== '').join(' ');
    return new ProducerError('KafkaProtocolError', message, { type: protocol.apiId, retriable });
  }
  if (all.some(({ code, message }) => code === 'PLT_KFK_USER' && message.startsWith('Unknown topic'))) {
    return new ProducerError('KafkaProtocolError', error.message, { type: 'UNKNOWN_TOPIC_OR_PARTITION' });
  }
  if (all.some(({ message }) => message === 'Request timed out')) {
    return new ProducerError('KafkaTimeoutError', 'the broker did not answer in time');
  }
  const network = all.find(({ code }) => code === 'PLT_KFK_NETWORK');
  const innermost: LibraryError = all.at(-1) ?? error;
  if (innermost.code === 'PLT_KFK_AUTHENTICATION') return new ProducerError('KafkaLoginError', innermost.message);
  if (network === undefined) return error;
  if (network.message === 'Connection closed') return new ProducerError('KafkaConnectionClosedError', network.message);
  const why = innermost === network ? '' : ` ${innermost.message}`;
  return new ProducerError('KafkaConnectionError', `${network.message}${why}`);
}

/** The library lists what is wrong with single records, all under UNKNOWN_SERVER_ERROR, before the error of their partition. */
function isOfRecord({ path }: LibraryError): boolean {
  return path?.includes('/record_errors/') === true;
}

/** An error before what caused it. */
function* tree(error: LibraryError): Generator<LibraryError> {
  yield error;
  for (const inner of error.errors ?? []) if (inner instanceof Error) yield* tree(inner);
  if (error.cause instanceof Error) yield* tree(error.cause);
}
