/** Redis as a native server, without persistence unless a flag asks for it. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { exists } from './cache.ts';
import type { Certificates } from './certificates.ts';
import { debianProgram } from './debian.ts';
import type { Progress } from './names.ts';
import type { Server } from './server.ts';

export interface RedisServerOptions {
  label: string;
  /** Command line flags, which win over the configuration file: `--maxmemory`, `100mb`. */
  flags: readonly string[];
  /** Lines for the configuration file, for what flags cannot say (`sentinel monitor …`). */
  config: readonly string[];
  /** Its only port is one for TLS. */
  certificates?: Certificates;
  progress: Progress;
}

export function redisServer(options: RedisServerOptions): Server {
  return {
    label: options.label,
    portCount: 1,
    version: (port) => askRedisVersion(redisUrl(port), options.certificates),
    prepare: async (folder, [port = 0]) => {
      const program = await debianProgram({ name: 'redis', packages: ['redis-server'] }, options.progress);
      const config = join(folder, 'redis.conf');
      // Written once: sentinels and CONFIG REWRITE keep their own state in this file, which a restart must find.
      if (!(await exists(config))) await writeFile(config, configuration(folder, port, options.config));
      const listen = listenFlags(port, options.certificates);
      return [...program.command('usr/bin/redis-server'), config, ...listen, ...options.flags];
    },
  };
}

function listenFlags(port: number, certificates: Certificates | undefined): string[] {
  if (certificates === undefined) return ['--port', String(port)];
  const { ca, server } = certificates;
  const files = ['--tls-ca-cert-file', ca, '--tls-cert-file', server.cert, '--tls-key-file', server.key];
  // A certificate of the client is only asked for where a test says so.
  return ['--port', '0', '--tls-port', String(port), ...files, '--tls-auth-clients', 'no'];
}

function configuration(folder: string, port: number, more: readonly string[]): string {
  const lines = ['bind 127.0.0.1', `port ${port}`, `dir "${folder}"`, 'save ""', 'appendonly no', ...more];
  return `${lines.join('\n')}\n`;
}

export function redisUrl(port: number): string {
  return `redis://127.0.0.1:${port}`;
}

/** `INFO` needs the password; a server that refuses to say more than "NOAUTH" does answer. */
export async function askRedisVersion(url: string, certificates?: Certificates): Promise<string> {
  const tls = certificates && (await clientTls(certificates));
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: 5_000,
    retryStrategy: () => null,
    ...(tls && { tls }),
  });
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

/** With the certificate of the client, for servers that ask for one. */
async function clientTls({ ca, client }: Certificates): Promise<{ ca: string; cert: string; key: string }> {
  const read = (path: string): Promise<string> => readFile(path, 'utf8');
  return { ca: await read(ca), cert: await read(client.cert), key: await read(client.key) };
}
