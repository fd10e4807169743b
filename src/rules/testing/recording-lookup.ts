import type { JsonValue } from '../../model/row-change.ts';
import type { LookupRequest, RowLookup } from '../../ports.ts';

type FoundRows = readonly Readonly<Record<string, string | null>>[];

export interface SeenAnswer {
  readonly sql: string;
  readonly parameters: readonly JsonValue[];
  readonly rows: FoundRows;
}

/** Passes lookups on and remembers every answer, the last one for the same parameters. */
export class RecordingLookup implements RowLookup {
  readonly #inner: RowLookup;
  readonly #seen = new Map<string, SeenAnswer>();

  constructor(inner: RowLookup) {
    this.#inner = inner;
  }

  get answers(): readonly SeenAnswer[] {
    return [...this.#seen.values()];
  }

  async find(request: LookupRequest): Promise<readonly FoundRows[]> {
    const found = await this.#inner.find(request);
    request.parameters.forEach((parameters, index) => {
      const { sql } = request;
      this.#seen.set(JSON.stringify([sql, parameters]), { sql, parameters, rows: found[index] ?? [] });
    });
    return found;
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}

/** Finds nothing. For masked rows whose question nobody asked the real database. */
export const EMPTY_LOOKUP: RowLookup = {
  find: ({ parameters }) => Promise.resolve(parameters.map(() => [])),
  close: () => Promise.resolve(),
};
