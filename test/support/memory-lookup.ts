import type { JsonValue } from '../../src/model/row-change.ts';
import type { LookupRequest, RowLookup } from '../../src/ports.ts';

type Rows = readonly Readonly<Record<string, string | null>>[];

/** Answers lookups from a function, remembers what it was asked, and can be told to fail or to wait. */
export class MemoryRowLookup implements RowLookup {
  readonly requests: LookupRequest[] = [];
  /** Thrown by the next calls, one each; `null` lets one through. */
  readonly failures: (Error | null)[] = [];
  #answer: (parameters: readonly JsonValue[]) => Rows;
  #gate: Promise<void> | null = null;

  constructor(answer: (parameters: readonly JsonValue[]) => Rows) {
    this.#answer = answer;
  }

  /** From now on it answers otherwise. */
  change(answer: (parameters: readonly JsonValue[]) => Rows): void {
    this.#answer = answer;
  }

  /** Nothing is answered until the function it gives is called. */
  hold(): () => void {
    let open = (): void => undefined;
    this.#gate = new Promise((resolve) => (open = resolve));
    return open;
  }

  get asked(): JsonValue[][] {
    return this.requests.map(({ parameters }) => parameters.map((list) => list.map(String).join()));
  }

  async find(request: LookupRequest): Promise<readonly Rows[]> {
    this.requests.push(request);
    await this.#gate;
    const failure = this.failures.shift();
    if (failure !== undefined && failure !== null) throw failure;
    return request.parameters.map((list) => this.#answer(list));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
