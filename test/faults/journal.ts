import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Something that must not happen. */
export interface Problem {
  readonly kind: 'stale' | 'lost' | 'order' | 'checkpoint' | 'exit' | 'hang' | 'missing' | 'letter' | 'harness';
  readonly text: string;
}

export interface Strike {
  readonly kind: string;
  readonly atMs: number;
}

/** What happened in a scenario, in order: into a file at once, so that it is there however the run ends. */
export class Journal {
  readonly folder: string;
  readonly problems: Problem[] = [];
  readonly strikes: Strike[] = [];
  readonly moments: { readonly name: string; readonly atMs: number }[] = [];
  readonly counts = new Map<string, number>();
  readonly #startMs = performance.now();

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  note(text: string): void {
    const at = ((performance.now() - this.#startMs) / 1000).toFixed(3).padStart(8);
    appendFileSync(join(this.folder, 'journal.log'), `${new Date().toISOString()} ${at} ${text}\n`);
  }

  /** A fault begins. */
  strike(kind: string, detail = ''): void {
    this.strikes.push({ kind, atMs: performance.now() });
    this.count(`fault ${kind}`);
    this.note(`fault: ${kind} ${detail}`);
  }

  /** Something whose time is of interest later. */
  moment(name: string): void {
    this.moments.push({ name, atMs: performance.now() });
    this.note(`moment: ${name}`);
  }

  problem(kind: Problem['kind'], text: string): void {
    this.problems.push({ kind, text });
    this.note(`PROBLEM: ${kind}: ${text}`);
  }

  count(name: string, by = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + by);
  }

  /** Evidence in a file of its own. */
  keep(name: string, content: string): void {
    appendFileSync(join(this.folder, name), content);
  }
}
