import type { ChainableCommander, Redis } from 'ioredis';
import type { ApplyRequest } from './apply-request.ts';
import { APPLY_SCRIPT } from './lua-script.ts';

export interface Reply {
  readonly error: Error | null;
  readonly value?: unknown;
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
  const [only] = requests;
  // A lone request, the usual one on a quiet source, needs no pipeline around it.
  if (only?.askAt === undefined && only !== undefined && requests.length === 1 && waitReplicas === 0) {
    return [await sendAlone(client, only)];
  }
  const pipeline = client.pipeline();
  const places = requests.map((request) => append(pipeline, request));
  if (waitReplicas > 0) pipeline.wait(waitReplicas, waitMs);
  const replies = (await pipeline.exec()) ?? [];
  if (waitReplicas > 0) checkReplicas(replies.at(-1), waitReplicas);
  return places.map((place) => {
    const [error, value] = replies[place] ?? [new Error('no answer')];
    return { error, value };
  });
}

/** Returns its place among the commands. */
function append(pipeline: ChainableCommander, request: ApplyRequest): number {
  // For the next command alone: that the slot is still on its way to this node does not matter.
  if (request.askAt !== undefined) pipeline.asking();
  const place = pipeline.length;
  if (request.kind === 'unlink') pipeline.unlink([...request.keys]);
  else pipeline.evalsha(APPLY_SCRIPT.sha, request.keys.length, ...request.keys, ...request.args);
  return place;
}

function checkReplicas(reply: readonly [Error | null, unknown?] | undefined, wanted: number): void {
  const [error, count] = reply ?? [new Error('no answer to WAIT')];
  if (error !== null) throw error;
  if (Number(count) < wanted) throw new Error(`only ${Number(count)} of ${wanted} replicas have it in time`);
}

async function sendAlone(client: Redis, request: ApplyRequest): Promise<Reply> {
  try {
    if (request.kind === 'unlink') return { error: null, value: await client.unlink([...request.keys]) };
    const { keys, args } = request;
    return { error: null, value: await client.evalsha(APPLY_SCRIPT.sha, keys.length, ...keys, ...args) };
  } catch (error) {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }
}
