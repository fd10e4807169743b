import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ruleFolders } from '../../../src/live-rules/watch.ts';
import { FileWatch, type FileWatchOptions } from '../../../src/runtime/file-watch.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'sluice-watch-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const contentOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return 'cannot be read';
  }
};

const NEVER_MS = 3_600_000;

/** Notes the content that each change told about. Hints only, unless `pollMs` is given. */
function watching(path: string, more: Partial<FileWatchOptions> = {}) {
  const told: string[] = [];
  const looks = vi.fn(() => contentOf(path));
  const files = new FileWatch({
    fingerprint: looks,
    folders: () => ruleFolders([path], [path]),
    baseline: contentOf(path),
    onChange: () => told.push(contentOf(path)),
    settleMs: 40,
    pollMs: NEVER_MS,
    ...more,
  });
  onTestFinished(() => files.close());
  files.start();
  return { told, looks, files };
}

const written = (path: string, text: string): string => {
  writeFileSync(path, text);
  return path;
};

describe('a watched file', () => {
  it('is told when it was written in place', async () => {
    const path = written(join(folder(), 'rules.yaml'), 'one');
    const { told } = watching(path);
    writeFileSync(path, 'two');
    await vi.waitFor(() => expect(told).toEqual(['two']));
    writeFileSync(path, 'three');
    await vi.waitFor(() => expect(told).toEqual(['two', 'three']));
  });

  it('is told when an editor renamed a new file over it, and again when it does so once more', async () => {
    const path = written(join(folder(), 'rules.yaml'), 'one');
    const { told } = watching(path);
    for (const text of ['two', 'three']) {
      renameSync(written(`${path}.swp`, text), path);
      await vi.waitFor(() => expect(told.at(-1)).toBe(text));
    }
    expect(told).toEqual(['two', 'three']);
  });

  it('is told when Kubernetes swaps the link to the folder it is in', async () => {
    const mount = folder();
    const version = (name: string, text: string): void => {
      mkdirSync(join(mount, name));
      written(join(mount, name, 'rules.yaml'), text);
    };
    const swap = (name: string): void => {
      symlinkSync(name, join(mount, '..data_tmp'));
      renameSync(join(mount, '..data_tmp'), join(mount, '..data'));
    };
    version('..2026_01', 'one');
    swap('..2026_01');
    symlinkSync(join('..data', 'rules.yaml'), join(mount, 'rules.yaml'));
    const { told } = watching(join(mount, 'rules.yaml'));
    for (const [name, text] of [
      ['..2026_02', 'two'],
      ['..2026_03', 'three'],
    ] as const) {
      version(name, text);
      swap(name);
      await vi.waitFor(() => expect(told.at(-1)).toBe(text));
    }
    expect(told).toEqual(['two', 'three']);
  });

  it('is told when it is a link, and the file elsewhere was written', async () => {
    const elsewhere = written(join(folder(), 'shared.yaml'), 'one');
    const path = join(folder(), 'rules.yaml');
    symlinkSync(elsewhere, path);
    const { told } = watching(path);
    writeFileSync(elsewhere, 'two');
    await vi.waitFor(() => expect(told).toEqual(['two']));
  });

  it('is told by polling when no folder gives a hint', async () => {
    const path = written(join(folder(), 'rules.yaml'), 'one');
    const { told } = watching(path, { folders: () => [], pollMs: 10 });
    writeFileSync(path, 'two');
    await vi.waitFor(() => expect(told).toEqual(['two']));
  });

  it('is told when the folder that the configuration names was replaced, and gives hints from the new one', async () => {
    const root = folder();
    const live = join(root, 'live');
    mkdirSync(live);
    const path = written(join(live, 'rules.yaml'), 'one');
    const { told } = watching(path, { folders: () => ruleFolders([live], [path]) });
    renameSync(live, join(root, 'old'));
    await vi.waitFor(() => expect(told).toEqual(['cannot be read']));
    mkdirSync(live);
    written(path, 'two');
    await vi.waitFor(() => expect(told.at(-1)).toBe('two'));
    writeFileSync(path, 'three');
    await vi.waitFor(() => expect(told.at(-1)).toBe('three'));
  });

  it('is not told while it is still being written', async () => {
    const path = written(join(folder(), 'rules.yaml'), 'one');
    const { told, looks } = watching(path, { settleMs: 200 });
    writeFileSync(path, 'ha');
    await vi.waitFor(() => expect(looks).toHaveLastReturnedWith('ha'), { interval: 1 });
    appendFileSync(path, 'lf and whole');
    await vi.waitFor(() => expect(told).not.toEqual([]));
    expect(told).toEqual(['half and whole']);
  });

  it('is told at once when it changed between reading and watching', async () => {
    const path = written(join(folder(), 'rules.yaml'), 'two');
    const { told } = watching(path, { baseline: 'one' });
    await vi.waitFor(() => expect(told).toEqual(['two']));
  });

  it('is not told when it was only touched, or is back as it was', async () => {
    const path = written(join(folder(), 'rules.yaml'), 'one');
    const { told, looks } = watching(path, { pollMs: 10 });
    writeFileSync(path, 'one');
    const before = looks.mock.calls.length;
    await vi.waitFor(() => expect(looks.mock.calls.length).toBeGreaterThan(before + 10));
    expect(told).toEqual([]);
  });

  it('is not looked at for every line of a log beside it', async () => {
    const path = written(join(folder(), 'rules.yaml'), 'one');
    const log = written(join(path, '..', 'audit.jsonl'), '');
    const { told, looks } = watching(path, { settleMs: 0 });
    const witness = watch(join(path, '..'));
    onTestFinished(() => witness.close());
    for (let line = 0; line < 300; line++) {
      const seen = once(witness, 'change');
      appendFileSync(log, 'line\n');
      await seen;
      // Lets timers run: the event came within a loop that reads as long as there is something.
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    writeFileSync(path, 'two');
    await vi.waitFor(() => expect(told).toEqual(['two']));
    expect(looks.mock.calls.length).toBeLessThan(10);
  });

  it('is left alone after the watch was closed', async () => {
    const path = written(join(folder(), 'rules.yaml'), 'one');
    const { told, looks, files } = watching(path);
    files.close();
    const looked = looks.mock.calls.length;
    writeFileSync(path, 'two');
    const witness = watching(path, { baseline: 'one' });
    await vi.waitFor(() => expect(witness.told).toEqual(['two']));
    expect(told).toEqual([]);
    expect(looks.mock.calls.length).toBe(looked);
  });
});
