/** What the promise becomes; rejects if it takes longer. What it becomes after that, nobody hears. */
export async function timeLimit<T>(ms: number, promise: Promise<T>, message: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new Error(message)), ms)));
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** kafkajs does not settle everything: a login whose answer never comes has no limit of its own. */
const BROKERS_LIMIT_MS = 30_000;

/** What is asked of brokers, or a retryable error after `BROKERS_LIMIT_MS`. Each new connection may be such a login. */
export function askBrokers<T>(asked: Promise<T>): Promise<T> {
  return timeLimit(BROKERS_LIMIT_MS, asked, 'the brokers did not let us in, or did not answer, in time');
}

/** Resolves when the promise has settled, however it did, or after `ms`. */
export async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  await timeLimit(ms, promise, '').catch(() => undefined);
}
