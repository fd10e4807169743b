import { errorMessage } from '../runtime/errors.ts';

/**
 * What a failed request means for us:
 * `retry`    the same client may succeed later (leader moved, broker gone, time-out);
 * `rebuild`  the client's state is no longer usable (producer id or sequence refused, anything unexpected);
 * `too-large` fewer records at once may pass;
 * `permanent` no repetition will ever succeed.
 */
export type KafkaErrorClass = 'retry' | 'rebuild' | 'too-large' | 'permanent';

/** Names of the protocol's error codes: https://kafka.apache.org/protocol#protocol_error_codes */
const PERMANENT = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'ILLEGAL_SASL_STATE',
  'SECURITY_DISABLED',
  'INVALID_TOPIC_EXCEPTION',
  'INVALID_REQUIRED_ACKS',
  'UNSUPPORTED_VERSION',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
  'POLICY_VIOLATION',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
  'INVALID_GROUP_ID',
  'INCONSISTENT_GROUP_PROTOCOL',
  'INVALID_SESSION_TIMEOUT',
  'GROUP_MAX_SIZE_REACHED',
]);
const TOO_LARGE = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);
/** kafkajs makes the same error of every failed login, without a cause; the broker said nothing about this one. */
const LOGIN_CUT = /Connection (error|timeout)|Closed connection|Not connected|timed out/i;
/** kafkajs forgets its metadata when a connection breaks, also under a request that is about to read it. */
const FORGOTTEN = /properties of null \(reading '(topicMetadata|brokers)'\)/;
const REQUEST_TIMEOUTS = ['KafkaJSRequestTimeoutError', 'KafkaTimeoutError'];
const CONNECTIONS_CLOSED = ['KafkaJSConnectionClosedError', 'KafkaConnectionClosedError'];
/** The names without JS are ours: what platformatic-errors.ts makes of the other library's. */
const RETRY_NAMES = new Set([
  ...REQUEST_TIMEOUTS,
  ...CONNECTIONS_CLOSED,
  'KafkaConnectionError',
  'KafkaJSConnectionError',
  'KafkaJSBrokerNotFound',
  'KafkaJSMetadataNotLoaded',
  'KafkaJSTopicMetadataNotLoaded',
  'KafkaJSNoBrokerAvailableError',
]);

const PROTOCOL_ERRORS = ['KafkaJSProtocolError', 'KafkaProtocolError'];

export function classifyKafkaError(error: unknown): KafkaErrorClass {
  const chain = causes(error);
  const types = chain.map(kafkaErrorType);
  if (types.some((type) => PERMANENT.has(type))) return 'permanent';
  const login = chain.find(({ name }) => name === 'KafkaJSSASLAuthenticationError');
  if (login !== undefined) return LOGIN_CUT.test(login.message) ? 'retry' : 'permanent';
  if (chain.some(({ name }) => name === 'KafkaLoginError')) return 'permanent';
  if (types.some((type) => TOO_LARGE.has(type))) return 'too-large';
  const origin = chain.at(-1);
  if (origin === undefined) return 'rebuild';
  if (RETRY_NAMES.has(origin.name)) return 'retry';
  return PROTOCOL_ERRORS.includes(origin.name) && 'retriable' in origin && origin.retriable === true
    ? 'retry'
    : 'rebuild';
}

/** The protocol's name of an error (`NOT_LEADER_FOR_PARTITION`), empty if it has none. */
export function kafkaErrorType(error: unknown): string {
  return error instanceof Error && 'type' in error && typeof error.type === 'string' ? error.type : '';
}

/** True if the error, or what caused it, is one of these protocol errors. */
export function isKafkaError(error: unknown, ...types: readonly string[]): boolean {
  return causes(error).some((cause) => types.includes(kafkaErrorType(cause)));
}

/** No answer came at all. */
export function isRequestTimeout(error: unknown): boolean {
  return REQUEST_TIMEOUTS.includes(causes(error).at(-1)?.name ?? '');
}

/** The connection was there, and ended before the answer. */
export function isConnectionClosed(error: unknown): boolean {
  return CONNECTIONS_CLOSED.includes(causes(error).at(-1)?.name ?? '');
}

/** In words: the protocol's name, where there is one, and the message. */
export function describeKafkaError(error: unknown): string {
  const origin = causes(error).at(-1);
  const type = kafkaErrorType(origin);
  const message = FORGOTTEN.test(origin?.message ?? '')
    ? 'the connection was closed before the answer came'
    : errorMessage(origin ?? error);
  return type === '' ? message : `${type}: ${message}`;
}

/** kafkajs wraps: retries exceeded → caused by → the protocol error; a failed request of many topics holds several. */
function causes(error: unknown): readonly Error[] {
  const chain: Error[] = [];
  for (let each = error; each instanceof Error && chain.length < 10; each = next(each)) chain.push(each);
  return chain;
}

function next(error: Error): unknown {
  if (error.cause !== undefined) return error.cause;
  return 'errors' in error && Array.isArray(error.errors) ? (error.errors[0] as unknown) : undefined;
}
