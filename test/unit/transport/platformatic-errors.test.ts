import {
  AuthenticationError,
  MultipleErrors,
  NetworkError,
  ResponseError,
  TimeoutError,
  UnexpectedCorrelationIdError,
  UserError,
} from '@platformatic/kafka';
import { describe, expect, it } from 'vitest';
import {
  classifyKafkaError,
  describeKafkaError,
  isConnectionClosed,
  isRequestTimeout,
} from '../../../src/transport/kafka-errors.ts';
import { inOurWords } from '../../../src/transport/platformatic-errors.ts';

const PRODUCE = 0;
const SASL_AUTHENTICATE = 36;
const answered = (code: number, apiKey = PRODUCE): Error =>
  new ResponseError(apiKey, 11, { '/responses/0/partition_responses/0': [code, null] }, {});
const PARTITION = '/responses/0/partition_responses/0';
/** As the library lists them: first the records, then their partition. */
const refusedRecords = (code: number, said: string | null = null): Error =>
  new ResponseError(
    PRODUCE,
    11,
    { [`${PARTITION}/record_errors/0`]: [-1, 'record 0 is odd'], [PARTITION]: [code, said] },
    {},
  );
/** As a failed send comes: per broker, then per partition. */
const failed = (...errors: Error[]): Error => new MultipleErrors('Producing messages failed.', errors);
const refused = (port: number): Error =>
  new NetworkError(`Connection to 127.0.0.1:${port} failed.`, { cause: new Error('connect ECONNREFUSED') });
const login = (cause: Error): Error =>
  new NetworkError('Connection to 127.0.0.1:1 failed.', {
    cause: new AuthenticationError('SASL authentication failed.', { cause }),
  });

describe('an error of @platformatic/kafka', () => {
  it.each([
    ['a moved leader', failed(answered(6)), 'retry', /^NOT_LEADER_OR_FOLLOWER: /],
    ['too few replicas', failed(answered(19)), 'retry', /^NOT_ENOUGH_REPLICAS: /],
    ['a lost sequence', failed(answered(45)), 'rebuild', /^OUT_OF_ORDER_SEQUENCE_NUMBER: /],
    ['an unknown producer', failed(answered(59)), 'rebuild', /^UNKNOWN_PRODUCER_ID: /],
    ['a fenced producer', failed(answered(47)), 'rebuild', /^INVALID_PRODUCER_EPOCH: /],
    ['a batch above the limit', failed(answered(10)), 'too-large', /^MESSAGE_TOO_LARGE: /],
    ['a missing privilege', failed(answered(29)), 'permanent', /^TOPIC_AUTHORIZATION_FAILED: /],
    ['a refused record', failed(refusedRecords(87)), 'permanent', /^INVALID_RECORD: .* record 0 is odd$/],
    ['a refused time', failed(refusedRecords(32, 'too old')), 'permanent', /^INVALID_TIMESTAMP: .*odd too old$/],
    ['a missing topic', new UserError('Unknown topic t.'), 'retry', /^UNKNOWN_TOPIC_OR_PARTITION: Unknown topic t\.$/],
    ['a refused login', login(answered(58, SASL_AUTHENTICATE)), 'permanent', /^SASL_AUTHENTICATION_FAILED: /],
    [
      'a server that does not know the password',
      login(new AuthenticationError('Invalid server signature.')),
      'permanent',
      /signature/,
    ],
    ['a login that was cut off', login(new NetworkError('Connection closed')), 'retry', /Connection closed/],
    [
      'a login refused by the second broker, the first being away',
      new MultipleErrors('Cannot connect to any broker.', [refused(1), login(answered(58, SASL_AUTHENTICATE))]),
      'permanent',
      /^SASL_AUTHENTICATION_FAILED: /,
    ],
    [
      'no broker',
      new MultipleErrors('Cannot connect to any broker.', [refused(1)]),
      'retry',
      /127\.0\.0\.1:1 .*ECONNREFUSED/,
    ],
    ['a connection without an answer', new TimeoutError('Connection to 127.0.0.1:1 timed out.'), 'retry', /timed out/],
    [
      'an answer to nothing',
      new NetworkError('Connection error', { cause: new UnexpectedCorrelationIdError('unexpected response') }),
      'retry',
      /unexpected response/,
    ],
    ['a mistake in the client', failed(new TypeError('undefined is not a function')), 'rebuild', /not a function/],
    ['something that is no error', 'text', 'rebuild', /^text$/],
  ] as const)('is understood: %s', (_, error, meaning, description) => {
    const ours = inOurWords(error);
    expect(classifyKafkaError(ours)).toBe(meaning);
    expect(describeKafkaError(ours)).toMatch(description);
    expect(isRequestTimeout(ours)).toBe(false);
  });

  it('is a time-out only if a request had no answer', () => {
    const ours = inOurWords(failed(new TimeoutError('Request timed out')));
    expect([classifyKafkaError(ours), isRequestTimeout(ours)]).toEqual(['retry', true]);
  });

  it('is a closed connection only if there was one', () => {
    const isClosed = (error: Error): boolean => isConnectionClosed(inOurWords(error));
    expect(isClosed(failed(new NetworkError('Connection closed')))).toBe(true);
    expect(isClosed(refused(1))).toBe(false);
    expect(isClosed(login(new NetworkError('Connection closed')))).toBe(false);
  });
});
