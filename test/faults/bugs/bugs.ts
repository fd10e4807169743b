/**
 * Deliberate bugs, each a change of the built daemon's text. The harness is worth something only if it finds them. A text that
 * is not there exactly once is an error: the bug would be another one, or none.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Change {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export interface Bug extends Change {
  readonly about: string;
  /** Where it shows. */
  readonly scenario: string;
}

export const BUGS: readonly Bug[] = [
  {
    name: 'checkpoint-before-ack',
    about: 'the watermark moves when a batch is sent, not when it is applied',
    file: 'dist/capture/loop.js',
    find: 'delivery.then(done, (error) => failure.abort(error));',
    replace: '{ done(); delivery.catch((error) => failure.abort(error)); }',
    scenario: 'processes',
  },
  {
    name: 'after-image-only',
    about: 'a row that moves to another key leaves its old key alone',
    file: 'dist/rules/evaluate/bound-rule.js',
    find: 'if (before !== null && (after === null || !builder.unchanged(before, after))) {',
    replace: 'if (before !== null && after === null) {',
    scenario: 'processes',
  },
  {
    name: 'refresh-without-version',
    about: 'a refresh is stored whatever the key already carries',
    file: 'dist/cache/lua/apply-versioned.lua',
    find: 'return stored ~= nil and stored > tonumber(version), nil',
    replace: 'return false, nil',
    scenario: 'processes',
  },
  {
    name: 'fail-over-not-repaired',
    about: 'what a promoted replica lacks is noticed, and not made good for',
    file: 'dist/cache/history-repair.js',
    find: 'this.#lost(loss);',
    replace: ';',
    scenario: 'redis-sentinel',
  },
];

export function bugNamed(name: string): Bug {
  const bug = BUGS.find((one) => one.name === name);
  if (bug === undefined) throw new Error(`there is no such bug; there are ${BUGS.map((one) => one.name).join(', ')}`);
  return bug;
}

/** Puts it into a snapshot. */
export function putIn({ name, file, find, replace }: Change, snapshot: string): void {
  const path = join(snapshot, file);
  const parts = readFileSync(path, 'utf8').split(find);
  if (parts.length !== 2) {
    throw new Error(`${name}: the text it changes is there ${parts.length - 1} times in ${file}, not once`);
  }
  writeFileSync(path, parts.join(replace));
}
