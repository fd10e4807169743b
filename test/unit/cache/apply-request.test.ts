import { describe, expect, it } from 'vitest';
import { buildRequests, splitRequest, type ScriptRequest } from '../../../src/cache/apply-request.ts';
import { keySlot } from '../../../src/cache/key-slot.ts';
import { VersionKeys } from '../../../src/cache/version-keys.ts';
import type { CacheCommand } from '../../../src/ports.ts';

const build = (commands: readonly CacheCommand[], clustered = false) =>
  buildRequests(commands, { versionKeys: new VersionKeys(), versionTtlMs: 1_000, clustered });
const plain = (i: number): CacheCommand => ({ kind: 'delete', key: `p${i}`, version: i, versioned: false });
const set = (i: number, value: string | Record<string, string>, ttlMs: number | null = null): CacheCommand => ({
  kind: 'set',
  key: `s${i}`,
  version: i,
  value,
  ttlMs,
});
const times = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));
const scripts = (commands: readonly CacheCommand[]): ScriptRequest[] => {
  return build(commands).filter((request) => request.kind === 'script');
};

describe('the requests of one round trip', () => {
  it('are none for no commands', () => {
    expect(build([])).toEqual([]);
  });

  it('take plain deletes together, 500 keys a command', () => {
    const requests = build(times(1_001, plain));
    expect(requests.map((request) => request.keys.length)).toEqual([500, 500, 1]);
    expect(new Set(requests.map(({ kind }) => kind))).toEqual(new Set(['unlink']));
    expect(requests.flatMap(({ places }) => places)).toEqual(times(1_001, (i) => i));
  });

  it('take versioned commands together in scripts, with the places of their answers', () => {
    const commands: CacheCommand[] = [
      set(1, 'text', 50),
      plain(2),
      { kind: 'delete', key: 'd', version: 3, versioned: true },
      set(4, { id: '4', name: '' }),
    ];
    expect(scripts(commands).map((request) => ({ ...request }))).toEqual([
      {
        kind: 'script',
        slot: null,
        places: [0, 2, 3],
        keys: ['s1', 'sluice:v:{s1}', 'd', 'sluice:v:{d}', 's4', 'sluice:v:{s4}'],
        args: [
          ...['1000'],
          ...['1', 'string', '50', '1', 'text'],
          ...['3', 'delete', '0', '0'],
          ...['4', 'hash', '0', '4', 'id', '4', 'name', ''],
        ],
      },
    ]);
  });

  it('in a cluster never have keys of two slots in one command, and keep the places of their answers', () => {
    const commands = times(2_000, (i) => (i % 2 === 0 ? plain(i) : set(i, 'text')));
    const requests = build(commands, true);
    for (const request of requests) {
      expect(new Set(request.keys.map(keySlot))).toEqual(new Set([request.slot]));
      const keys = request.kind === 'unlink' ? request.keys : request.keys.filter((_, i) => i % 2 === 0);
      expect(request.places.map((place) => commands[place]?.key)).toEqual(keys);
    }
    const keys = requests.flatMap(({ kind, keys }) => (kind === 'unlink' ? keys : keys.filter((_, i) => i % 2 === 0)));
    expect([...keys].sort()).toEqual(commands.map(({ key }) => key).sort());
  });

  it('bound a script by commands and by the size of its values', () => {
    expect(scripts(times(401, (i) => set(i, 'x'))).map(({ places }) => places.length)).toEqual([200, 200, 1]);
    const large = 'x'.repeat(100 * 1024);
    expect(scripts(times(7, (i) => set(i, large))).map(({ places }) => places.length)).toEqual([3, 3, 1]);
    expect(scripts(times(4, (i) => set(i, { large, more: large }))).map(({ places }) => places.length)).toEqual([2, 2]);
  });

  it('can be split into one per command', () => {
    const commands = [set(1, 'text'), set(2, { a: '1' }), set(3, 'more')];
    const [together] = scripts(commands);
    const alone = commands.map((command, place) => ({ ...scripts([command])[0], places: [place] }));
    expect(together && splitRequest(together)).toEqual(alone);
    const [unlink] = build([plain(1), plain(2)]);
    expect(unlink && splitRequest(unlink)).toEqual([
      { kind: 'unlink', slot: null, places: [0], keys: ['p1'] },
      { kind: 'unlink', slot: null, places: [1], keys: ['p2'] },
    ]);
  });
});
