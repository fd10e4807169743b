import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { silentLogger } from '../../../src/runtime/logger.ts';
import { Membership } from '../../../src/transport/kafka-membership.ts';
import { KafkaJSConnectionError, KafkaJSProtocolError } from './kafkajs-errors.ts';

function joined(): Membership {
  vi.useFakeTimers();
  const membership = new Membership({ drainTimeoutMs: 1_000, logger: silentLogger });
  onTestFinished(() => {
    membership.end();
    vi.useRealTimers();
  });
  membership.joined();
  return membership;
}

const rebalance = new KafkaJSProtocolError('REBALANCE_IN_PROGRESS', false);

describe('a membership', () => {
  it('begins nothing new once a heartbeat tells of a rebalance, and aborts handlers only when time is up', () => {
    const membership = joined();
    const { signal, generation } = membership;
    expect(membership.mayBegin(generation)).toBe(true);
    membership.heartbeatFailed(rebalance);
    expect(membership.mayBegin(generation)).toBe(false);
    expect(membership.rebalance).toBe(rebalance);
    vi.advanceTimersByTime(999);
    expect(signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(signal.aborted).toBe(true);
  });

  it('begins anew with the next assignment, but not what began under the last one', () => {
    const membership = joined();
    const { generation } = membership;
    membership.heartbeatFailed(rebalance);
    membership.joined();
    vi.advanceTimersByTime(5_000);
    expect(membership.signal.aborted).toBe(false);
    expect(membership.rebalance).toBeUndefined();
    expect(membership.mayBegin(generation)).toBe(false);
    expect(membership.mayBegin(membership.generation)).toBe(true);
  });

  it.each(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION'])('aborts its handlers at once when it is over: %s', (type) => {
    const membership = joined();
    membership.heartbeatFailed(new KafkaJSProtocolError(type, false));
    expect(membership.signal.aborted).toBe(true);
    expect(membership.mayBegin(membership.generation)).toBe(false);
  });

  it('goes on when a heartbeat is lost', () => {
    const membership = joined();
    membership.heartbeatFailed(new KafkaJSConnectionError('gone'));
    expect(membership.mayBegin(membership.generation)).toBe(true);
  });

  it('cuts off what is left of every generation when a stop has drained, though it has joined again meanwhile', () => {
    const membership = joined();
    const { signal: earlier } = membership;
    membership.stop(new Error('stop'));
    membership.heartbeatFailed(rebalance);
    vi.advanceTimersByTime(500);
    membership.joined();
    expect(earlier.aborted).toBe(false);
    vi.advanceTimersByTime(500);
    expect(earlier.reason).toEqual(new Error('stop'));
    expect(membership.signal.reason).toEqual(new Error('stop'));
  });

  it('drains when it is told to stop', () => {
    const membership = joined();
    membership.stop(new Error('stop'));
    expect(membership.mayBegin(membership.generation)).toBe(false);
    expect(membership.signal.aborted).toBe(false);
    vi.advanceTimersByTime(1_000);
    expect(membership.signal.reason).toEqual(new Error('stop'));
  });
});
