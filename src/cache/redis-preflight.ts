import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { RedisAddress } from '../runtime/config/config.ts';
import type { Problem } from '../runtime/errors.ts';
import { RedisConnection } from './redis-connection.ts';
import { formatAddress, safeMessage } from './redis-errors.ts';
import { probeCommands } from './redis-probe.ts';

export interface PreflightTargetOptions {
  /** The name of the target. */
  readonly name: string;
  readonly address: RedisAddress;
  readonly commandTimeoutMs: number;
  readonly connectTimeoutMs?: number;
}

/** UNLINK came with Redis 4. */
const OLDEST_MAJOR = 4;

/**
 * Everything that would keep Sluice from working with this target, at once, each with its remedy. Changes nothing but
 * keys of its own (`sluice:preflight:…`), which it removes and which otherwise expire within a second.
 */
export async function preflightTarget(options: PreflightTargetOptions): Promise<Problem[]> {
  const connection = new RedisConnection({ ...options, clientName: `sluice:preflight:${options.name}` });
  const where = `target ${options.name} (${formatAddress(options.address)})`;
  try {
    const found = await connection.use((client) => inspect(client, options.address));
    return found.map(({ message, remedy }) => ({ message: `${where} ${message}`, remedy }));
  } catch (error) {
    const problem = connectionProblem(safeMessage(error));
    return [{ ...problem, message: `${where} ${problem.message}` }];
  } finally {
    await connection.close();
  }
}

async function inspect(client: Redis, { username }: RedisAddress): Promise<Problem[]> {
  await client.ping();
  const info = await readInfo(client);
  const server = serverProblems(info);
  // On a replica every write fails, and on an old server every UNLINK: one cause is enough to read.
  if (server.length > 0) return server;
  return probeCommands(client, { key: `sluice:preflight:${randomUUID()}`, user: username ?? 'default' });
}

/** `INFO` as a map; empty if the account may not ask, which is not a problem: Sluice never needs it. */
async function readInfo(client: Redis): Promise<ReadonlyMap<string, string>> {
  const text = await client.info().catch((error: unknown) => {
    if (safeMessage(error).startsWith('NOPERM')) return '';
    throw error;
  });
  return new Map(
    text.split('\r\n').map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1)];
    }),
  );
}

function serverProblems(info: ReadonlyMap<string, string>): Problem[] {
  const problems: Problem[] = [];
  const version = info.get('redis_version');
  if (version !== undefined && Number.parseInt(version) < OLDEST_MAJOR) {
    problems.push({
      message: `runs Redis ${version}, which has no UNLINK`,
      remedy: `Use Redis ${OLDEST_MAJOR} or newer.`,
    });
  }
  if (info.get('role') === 'slave') {
    const master = `${info.get('master_host') ?? '?'}:${info.get('master_port') ?? '?'}`;
    problems.push({
      message: `is a replica of ${master} and takes no writes`,
      remedy: 'Name the master as the target; its replicas follow it.',
    });
  }
  if (info.get('cluster_enabled') === '1') {
    problems.push({
      message: 'is a node of a Redis Cluster, which Sluice cannot use yet',
      remedy: 'Use a single server, or a master with replicas.',
    });
  }
  return problems;
}

function connectionProblem(reason: string): Problem {
  if (/WRONGPASS|invalid password|invalid username-password/i.test(reason)) {
    return { message: 'refuses the password', remedy: 'Check `username` and `password` of the target.' };
  }
  if (reason.startsWith('NOAUTH')) {
    return { message: 'asks for a password', remedy: 'Set `password` (and `username` for an ACL user) of the target.' };
  }
  if (/DB index|SELECT/i.test(reason)) {
    return {
      message: `does not have this database: ${reason}`,
      remedy: 'Correct the number at the end of the URL, or raise `databases` in the configuration of the server.',
    };
  }
  if (/RESP type|Protocol error/i.test(reason)) {
    return {
      message: `answers, but not as Redis does: ${reason.replace(' Please report this.', '')}`,
      remedy: 'Check host and port: another kind of server listens there, or one that expects TLS (`rediss://`).',
    };
  }
  if (/EPIPE|ECONNRESET|Connection is closed|isn't writeable/.test(reason)) {
    return {
      message: `does not answer: ${reason}`,
      remedy:
        'Something listens there and hangs up: is it Redis, with or without TLS as in the URL? A proxy does so too while its Redis is down.',
      temporary: true,
    };
  }
  return {
    message: `does not answer: ${reason}`,
    remedy: 'Is the server running, and are host, port and TLS right? Can this machine reach it?',
    temporary: true,
  };
}
