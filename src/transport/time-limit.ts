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

/** Resolves when the promise has settled, however it did, or after `ms`. */
export async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  await timeLimit(ms, promise, '').catch(() => undefined);
}
