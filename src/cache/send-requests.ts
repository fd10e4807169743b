import { Pipeline, type Redis } from 'ioredis';
import type { ApplyRequest } from './apply-request.ts';
import { EncodedCommand } from './encoded-command.ts';
import { APPLY_SCRIPT } from './lua-script.ts';

export interface Reply {
  readonly error: Error | null;
  readonly value?: unknown;
  /** The bytes of the command that it answers. */
  readonly command: Buffer;
}

export interface SendOptions {
  /** So many replicas must have it all before it counts; 0: none. */
  readonly waitReplicas: number;
  readonly waitMs: number;
}

/** One write and one round trip for all of them; one reply each, in their order. Throws when too few replicas have them in time. */
export async function sendRequests(
  client: Redis,
  requests: readonly ApplyRequest[],
  { waitReplicas, waitMs }: SendOptions,
): Promise<readonly Reply[]> {
  writeTogether(client);
  const [only] = requests;
  // A lone request, the usual one on a quiet source, needs no pipeline around it.
  if (only?.askAt === undefined && only !== undefined && requests.length === 1 && waitReplicas === 0) {
    return [await sendAlone(client, only)];
  }
  const pipeline = new Pipeline(client);
  const sent = requests.map((request) => append(pipeline, request));
  if (waitReplicas > 0) pipeline.wait(waitReplicas, waitMs);
  const replies = (await pipeline.exec()) ?? [];
  if (waitReplicas > 0) checkReplicas(replies.at(-1), waitReplicas);
  return sent.map(({ place, command }) => {
    const [error, value] = replies[place] ?? [new Error('no answer')];
    return { error, value, command };
  });
}

/**
 * Whatever is sent on the connection in this turn leaves in one call of the system, and mostly the answers come in one: the loops of all
 * partitions wake in the same turn, and a call costs as much as deleting twenty keys.
 */
function writeTogether({ stream }: Redis): void {
  if (stream.writableCorked > 0) return;
  stream.cork();
  // Behind all promises of this turn.
  process.nextTick(() => stream.uncork());
}

/** Returns its bytes, and its place among the commands. */
function append(pipeline: Pipeline, request: ApplyRequest): { readonly command: Buffer; readonly place: number } {
  // For the next command alone: that the slot is still on its way to this node does not matter.
  if (request.askAt !== undefined) pipeline.asking();
  const place = pipeline.length;
  const command = encoded(request);
  pipeline.sendCommand(command);
  return { command: command.bytes, place };
}

function encoded(request: ApplyRequest): EncodedCommand {
  const { keys } = request;
  if (request.kind === 'unlink') return new EncodedCommand('unlink', keys);
  return new EncodedCommand('evalsha', [APPLY_SCRIPT.sha, String(keys.length)], keys, request.args);
}

function checkReplicas(reply: readonly [Error | null, unknown?] | undefined, wanted: number): void {
  const [error, count] = reply ?? [new Error('no answer to WAIT')];
  if (error !== null) throw error;
  if (Number(count) < wanted) throw new Error(`only ${Number(count)} of ${wanted} replicas have it in time`);
}

async function sendAlone(client: Redis, request: ApplyRequest): Promise<Reply> {
  const command = encoded(request);
  try {
    return { error: null, value: await client.sendCommand(command), command: command.bytes };
  } catch (error) {
    return { error: error instanceof Error ? error : new Error(String(error)), command: command.bytes };
  }
}
