import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { MARK_SCRIPT } from './lua-script.ts';
import { safeMessage } from './redis-errors.ts';
import type { RedisMaster } from './redis-servers.ts';

/** What a server has lost: everything acknowledged since this mark was begun; -1: who knows how much. */
export interface Loss {
  readonly since: number;
  /** In words, for the log. */
  readonly reason: string;
}

interface Known {
  readonly client: Redis;
  readonly mark: number;
}

export interface HistoryWatchOptions {
  /** Of the daemon and the target: the next process under it looks at what this one has left. */
  readonly owner: string;
  /** A hash tag of a slot. */
  readonly tagOf: (slot: number) => string;
}

/** Long enough for any pause; then the keys of a process that is no more go by themselves. */
const MARK_TTL_MS = 86_400_000;
/** A daemon that was away for longer finds no binary log to go on in. */
const HISTORY_TTL_MS = 30 * 86_400_000;
const CLOSED = 'closed';
/** Names no history, so the next process finds another one. */
const OWED = 'owed';

/**
 * Notices that a server has forgotten what it acknowledged: a replica that was behind when it took over, or a file on disk
 * that was older than the memory. In both cases the end of what was written is missing and nothing else, so a mark that is
 * still there proves everything before it. And both begin a new history, which Redis gives a new id (`master_replid`).
 *
 *   the history goes on                   nothing is lost, whatever happened to the connection
 *   another history, our mark is there    what came after that mark may be lost
 *   another history, no mark of ours      everything may be lost
 *   a node that was not there before      the same: it may have taken the place of one that was, whichever slots it holds
 *   the first look of this process        lost if the process before it has noted other histories and was not closed in order
 *
 * Notes move with their slots, so each names the histories of all nodes, and what counts is whether any names that of a node.
 *
 * Where INFO is forbidden, a new connection counts as a new history, and a first look finds nothing.
 */
export class HistoryWatch {
  readonly #options: HistoryWatchOptions;
  readonly #process = randomUUID();
  readonly #known = new Map<number, Known>();
  /** Of the last look; also of a node that did not answer then, whichever slot it had. */
  #histories: ReadonlySet<string> = new Set();
  #mark = 0;
  #isFirstRound = true;

  constructor(options: HistoryWatchOptions) {
    this.#options = options;
  }

  /** Of the newest mark that was begun: what is acknowledged now is certain only behind a later one. */
  get mark(): number {
    return this.#mark;
  }

  /** Leaves a mark on each server; tells the worst that was found. `whole`: nothing that was lost before is still missing. */
  async look(masters: readonly RedisMaster[], { whole }: { whole: boolean }): Promise<Loss | null> {
    const found = await Promise.allSettled(masters.map((master) => this.#lookAt(master, whole)));
    const before = this.#histories;
    const seen = found.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    const losses = [...seen.map(({ loss }) => loss), firstLoss(seen)].filter((loss) => loss !== null);
    const failed = found.find((each) => each.status === 'rejected');
    this.#histories = new Set([
      ...(failed === undefined ? [] : before),
      ...seen.flatMap(({ history }) => history ?? []),
    ]);
    this.#forgetOthers(masters);
    if (failed === undefined) this.#isFirstRound = false;
    else if (losses.length === 0) throw failed.reason as Error;
    return losses.sort((a, b) => a.since - b.since)[0] ?? null;
  }

  /**
   * Where nothing is missing the next process need not ask what became of the server meanwhile: nothing of ours is under way any
   * more. But what has happened since the last look nobody else has seen. `whole` as for a look.
   */
  async close(masters: readonly RedisMaster[], { whole }: { whole: boolean }): Promise<void> {
    await Promise.all(
      masters.map(({ server, slot }) =>
        server.commands.use(async (client) => {
          const isWhole = whole && (await this.#goesOn(client, slot));
          await this.#leaveMark(client, slot, isWhole ? CLOSED : OWED);
        }),
      ),
    );
  }

  async #goesOn(client: Redis, slot: number): Promise<boolean> {
    const history = await readHistory(client);
    if (history !== null) return this.#histories.has(history);
    const last = this.#known.get(slot);
    const before = await this.#leaveMark(client, slot, '');
    return client === last?.client && before.mark >= last.mark;
  }

  async #lookAt({ server, slot }: RedisMaster, whole: boolean): Promise<Seen> {
    const last = this.#known.get(slot);
    const seen = await server.commands.use(async (client) => {
      const history = await readHistory(client);
      // Under any slot: while slots move the same node is found under another one, and no two nodes have one history.
      const goesOn = history !== null && this.#histories.has(history);
      const mark = ++this.#mark;
      const isFirst = last === undefined && this.#isFirstRound;
      // What a server came back with may say that all was well.
      const unlike = isFirst || history === null ? '' : OWED;
      const same = whole ? [...this.#histories].sort().join(' ') : '';
      const before = await this.#leaveMark(client, slot, goesOn ? same : unlike, mark);
      const found = { history, client, mark, loss: null, noted: null };
      if (goesOn) return found;
      if (isFirst) return { ...found, noted: before.noted };
      if (history === null && client === last?.client && before.mark >= last.mark) return found;
      // A mark of ours whose answer never came: what stood there before it, nobody has heard.
      const since = before.mark > (last?.mark ?? -1) ? -1 : before.mark;
      return { ...found, loss: { since, reason: `${server.name} has another history than before` } };
    });
    // Not before: an answer that does not count must not look like one that did.
    this.#known.set(slot, seen);
    return seen;
  }

  /** What a node without slots goes through is seen by nobody; and slots that move would leave an entry each. */
  #forgetOthers(masters: readonly RedisMaster[]): void {
    const slots = new Set(masters.map(({ slot }) => slot));
    for (const slot of this.#known.keys()) if (!slots.has(slot)) this.#known.delete(slot);
  }

  async #leaveMark(client: Redis, slot: number, history: string, mark = ++this.#mark): Promise<Before> {
    const tag = this.#options.tagOf(slot);
    const keys = [`sluice:mark:{${tag}}:${this.#process}`, `sluice:history:{${tag}}:${this.#options.owner}`];
    const args = [String(mark), String(MARK_TTL_MS), history, String(HISTORY_TTL_MS)];
    const reply = await MARK_SCRIPT.run(client, keys, args);
    const [old, noted] = Array.isArray(reply) ? reply.map(String) : [];
    return { mark: old === undefined || old === '' ? -1 : Number(old), noted: noted ?? '' };
  }
}

interface Before {
  readonly mark: number;
  readonly noted: string;
}

interface Seen extends Known {
  readonly history: string | null;
  readonly loss: Loss | null;
  /** By the process before this one; null: it is not the first look at this node. */
  readonly noted: string | null;
}

function firstLoss(seen: readonly Seen[]): Loss | null {
  const notes = seen.flatMap(({ noted }) => (noted === null || noted === '' ? [] : [noted]));
  const whole = new Set(notes.flatMap((noted) => noted.split(' ')));
  const isLost = seen.some(({ history, noted }) => {
    if (history === null || noted === null || noted === CLOSED || whole.has(history)) return false;
    // Without a note of its own: nothing is known of anybody, or its note has moved away.
    return noted !== '' || (notes.length > 0 && !notes.includes(CLOSED));
  });
  return isLost ? { since: -1, reason: 'a server has another history than when the last process ended' } : null;
}

/** Null where it cannot be known. */
async function readHistory(client: Redis): Promise<string | null> {
  const text = await client.info('replication').catch((error: unknown) => {
    if (safeMessage(error).startsWith('NOPERM')) return '';
    throw error;
  });
  if (/^role:slave/m.test(text)) throw new Error('READONLY it is a replica now');
  return /^master_replid:(\w+)/m.exec(text)?.[1] ?? null;
}
