/**
 * Runs a piece of work one at a time. Who asks while it runs gets the result of the next run, together with everybody
 * else who asked meanwhile: what changed after the running one had looked is then seen.
 */
export class CoalescingQueue<T> {
  /** Never rejects before the caller of its run has it too. */
  #running: Promise<unknown> = Promise.resolve();
  #next: Promise<T> | null = null;

  run(work: () => Promise<T>): Promise<T> {
    return (this.#next ??= this.#afterRunning(work));
  }

  async #afterRunning(work: () => Promise<T>): Promise<T> {
    await this.#running;
    this.#next = null;
    const running = work();
    this.#running = running.catch(() => undefined);
    return running;
  }
}
