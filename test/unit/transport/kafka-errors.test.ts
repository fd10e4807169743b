import { describe, expect, it } from 'vitest';
import { classifyKafkaError, describeKafkaError, isKafkaError } from '../../../src/transport/kafka-errors.ts';
import { KafkaJSConnectionError, KafkaJSNumberOfRetriesExceeded, KafkaJSProtocolError } from './kafkajs-errors.ts';

const wrapped = (error: Error): Error => new KafkaJSNumberOfRetriesExceeded(error);
const named = (name: string, message = 'x'): Error => Object.assign(new Error(message), { name });
/** As kafkajs wraps whatever went wrong. */
const login = (reason: string): Error =>
  named('KafkaJSSASLAuthenticationError', `SASL PLAIN authentication failed: ${reason}`);

describe('an error of Kafka', () => {
  it.each([
    ['a moved leader', new KafkaJSProtocolError('NOT_LEADER_FOR_PARTITION', true), 'retry'],
    ['a broken connection', new KafkaJSConnectionError('gone'), 'retry'],
    ['a time-out', named('KafkaJSRequestTimeoutError'), 'retry'],
    ['an exhausted retrier', wrapped(new KafkaJSConnectionError('gone')), 'retry'],
    ['a lost sequence', new KafkaJSProtocolError('OUT_OF_ORDER_SEQUENCE_NUMBER', false), 'rebuild'],
    ['a lost sequence behind a retrier', wrapped(new KafkaJSProtocolError('UNKNOWN_PRODUCER_ID', false)), 'rebuild'],
    ['a mistake in the client', new TypeError('undefined is not a function'), 'rebuild'],
    ['something that is no error', 'text', 'rebuild'],
    ['a batch above the limit', wrapped(new KafkaJSProtocolError('MESSAGE_TOO_LARGE', false)), 'too-large'],
    ['a missing privilege', wrapped(new KafkaJSProtocolError('TOPIC_AUTHORIZATION_FAILED', false)), 'permanent'],
    ['a wrong password', wrapped(named('KafkaJSSASLAuthenticationError')), 'permanent'],
    ['a login that a reset cut off', wrapped(login('Connection error: read ECONNRESET')), 'retry'],
    ['a login that met no broker', login('Connection timeout'), 'retry'],
    ['a login whose connection was closed', login('Closed connection'), 'retry'],
    ['a login on a closed connection', login('Not connected'), 'retry'],
    ['a login without an answer', login('Request SaslAuthenticate(key: 36, version: 1) timed out'), 'retry'],
    ['a refused login', login('Authentication failed: Invalid username or password'), 'permanent'],
  ])('is understood: %s', (_, error, meaning) => {
    expect(classifyKafkaError(error)).toBe(meaning);
  });

  it('is described by its origin', () => {
    expect(describeKafkaError(wrapped(new KafkaJSProtocolError('NOT_COORDINATOR', false)))).toBe(
      'NOT_COORDINATOR: broker said NOT_COORDINATOR',
    );
    expect(describeKafkaError('text')).toBe('text');
  });

  it('is described as a broken connection when kafkajs stumbles over metadata it has forgotten', () => {
    const stumbled = new TypeError("Cannot read properties of null (reading 'topicMetadata')");
    expect(describeKafkaError(wrapped(stumbled))).toBe('the connection was closed before the answer came');
    const other = new TypeError("Cannot read properties of null (reading 'x')");
    expect(describeKafkaError(other)).toBe(other.message);
  });

  it('is found inside an aggregate, as a failed creation of topics comes', () => {
    const aggregate = Object.assign(new Error('creation failed'), {
      errors: [new KafkaJSProtocolError('INVALID_REPLICATION_FACTOR', false)],
    });
    expect(isKafkaError(aggregate, 'INVALID_REPLICATION_FACTOR')).toBe(true);
    expect(isKafkaError(aggregate, 'TOPIC_ALREADY_EXISTS')).toBe(false);
  });
});
