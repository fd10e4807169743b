import { describeCache } from '../../contract/cache.suite.ts';
import { redisHarness, sharedRedis } from './redis-harness.ts';

describeCache('RedisCache', async () => redisHarness(await sharedRedis()));
