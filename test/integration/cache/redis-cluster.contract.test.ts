import { afterAll, beforeAll } from 'vitest';
import {
  startRedisCluster,
  startRedisSentinel,
  type ThrowawayRedisCluster,
  type ThrowawayRedisSentinel,
} from '../../../deploy/local/redis-cluster.ts';
import { describeCache } from '../../contract/cache.suite.ts';
import { cacheOf, clusterAddress, clusterApp, harnessOf, sentinelAddress, sentinelApp } from './redis-harness.ts';

let cluster: ThrowawayRedisCluster;
let sentinel: ThrowawayRedisSentinel;
beforeAll(async () => {
  [cluster, sentinel] = await Promise.all([startRedisCluster(), startRedisSentinel()]);
});
afterAll(() => Promise.all([cluster.remove(), sentinel.remove()]));

describeCache('RedisCache on a cluster', () =>
  Promise.resolve(harnessOf(clusterApp(cluster), cacheOf(clusterAddress(cluster)))),
);

describeCache('RedisCache behind sentinels', () =>
  Promise.resolve(harnessOf(sentinelApp(sentinel), cacheOf(sentinelAddress(sentinel)))),
);
