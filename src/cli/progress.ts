/** How often the line is written anew. */
const EVERY_MS = 200;

/** One line on stderr that says how far long work has come; only for a person at a terminal. */
export class ProgressLine {
  readonly #active: boolean;
  #writtenAtMs = 0;
  #isWritten = false;

  constructor(active = process.stderr.isTTY) {
    this.#active = active;
  }

  show(text: string): void {
    if (!this.#active || Date.now() - this.#writtenAtMs < EVERY_MS) return;
    this.#writtenAtMs = Date.now();
    this.#isWritten = true;
    process.stderr.write(`\r\u001b[K${text}`);
  }

  /** Before anything else is printed, or the two would share a line. */
  clear(): void {
    if (!this.#isWritten) return;
    this.#isWritten = false;
    process.stderr.write('\r\u001b[K');
  }
}
