/** Redis as a native server, without persistence unless a flag asks for it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { exists } from './cache.ts';
import { debianProgram } from './debian.ts';
import type { Progress } from './names.ts';
import type { Server } from './server.ts';

export interface RedisServerOptions {
  label: string;
  /** Command line flags, which win over the configuration file: `--maxmemory`, `100mb`. */
  flags: readonly string[];
  /** Lines for the configuration file, for what flags cannot say (`sentinel monitor …`). */
  config: readonly string[];
  progress: Progress;
}

export function redisServer(options: RedisServerOptions): Server {
  return {
    label: options.label,
    portCount: 1,
    version: (port) => askRedisVersion(redisUrl(port)),
    prepare: async (folder, [port = 0]) => {
      const program = await debianProgram({ name: 'redis', packages: ['redis-server'] }, options.progress);
      const config = join(folder, 'redis.conf');
      // Written once: sentinels and CONFIG REWRITE keep their own state in this file, which a restart must find.
      if (!(await exists(config))) await writeFile(config, configuration(folder, port, options.config));
      return [...program.command('usr/bin/redis-server'), config, '--port', String(port), ...options.flags];
    },
  };
}

function configuration(folder: string, port: number, more: readonly string[]): string {
  const lines = ['bind 127.0.0.1', `port ${port}`, `dir "${folder}"`, 'save ""', 'appendonly no', ...more];
  return `${lines.join('\n')}\n`;
}

export function redisUrl(port: number): string {
  return `redis://127.0.0.1:${port}`;
}

/** `INFO` needs the password; a server that refuses to say more than "NOAUTH" does answer. */
export async function askRedisVersion(url: string): Promise<string> {
  const client = new Redis(url, { lazyConnect: true, connectTimeout: 5_000, retryStrategy: () => null });
  let broken: Error | undefined;
  client.on('error', (error: Error) => (broken = error));
  try {
    await client.connect();
    return /redis_version:(\S+)/.exec(await client.info('server'))?.[1] ?? 'unknown';
  } catch (error) {
    if (error instanceof Error && error.message.includes('NOAUTH')) return 'unknown';
    // The promise only says that the connection is closed; the event says why.
    throw broken ?? error;
  } finally {
    client.disconnect();
  }
}
