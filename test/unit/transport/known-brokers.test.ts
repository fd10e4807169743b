import { beforeEach, expect, it, vi } from 'vitest';
import { KnownBrokers } from '../../../src/transport/known-brokers.ts';

const at = (host: string) => ({ host, port: 9092 });
const configured = (...hosts: string[]) => new KnownBrokers(hosts.map((host) => `${host}:9092`));
const order = (brokers: KnownBrokers) => brokers.inOrder().map(({ host }) => host);

beforeEach(() => {
  vi.spyOn(Math, 'random').mockReturnValue(0);
});

it('reads addresses, also of IPv6', () => {
  expect(new KnownBrokers(['a:1', '[::1]:2']).inOrder()).toEqual([
    { host: 'a', port: 1 },
    { host: '::1', port: 2 },
  ]);
});

it('begins anywhere, so that not every client asks the same broker first', () => {
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  expect(order(configured('a', 'b', 'c'))).toEqual(['b', 'c', 'a']);
});

it('has those who spoke last first, and those who were asked and never spoke last', () => {
  const brokers = configured('a', 'b', 'c', 'd');
  brokers.wasSilent(at('a'));
  expect(order(brokers)).toEqual(['b', 'c', 'd', 'a']);
  brokers.wasSilent(at('b'));
  brokers.wasSilent(at('c'));
  brokers.gaveSign(at('c'));
  expect(order(brokers)).toEqual(['c', 'd', 'a', 'b']);
  brokers.wasSilent(at('a'));
  brokers.gaveSign(at('a'));
  expect(order(brokers)).toEqual(['a', 'c', 'd', 'b']);
});

it('comes round to every silent one', () => {
  const brokers = configured('a', 'b');
  const asked = Array.from({ length: 4 }, () => {
    const [first] = brokers.inOrder();
    if (first !== undefined) brokers.wasSilent(first);
    return first?.host;
  });
  expect(asked).toEqual(['a', 'b', 'a', 'b']);
});

it('knows whom the cluster has named last, and never forgets whom the configuration names', () => {
  const brokers = configured('a');
  brokers.named([at('b'), at('c')]);
  brokers.gaveSign(at('c'));
  expect(order(brokers)).toEqual(['c', 'a', 'b']);
  brokers.named([at('c'), at('d')]);
  expect(order(brokers)).toEqual(['c', 'a', 'd']);
  brokers.wasSilent(at('b'));
  expect(order(brokers)).toEqual(['c', 'a', 'd']);
});
