import { statSync, watch, type FSWatcher } from 'node:fs';

export interface FileWatchOptions {
  /** Anything that differs when what is watched does. Must not throw: "cannot be read" is a state as well. */
  readonly fingerprint: () => string;
  /** Where changes show; asked again after every look. Those that are not there are passed over. */
  readonly folders: () => readonly string[];
  /** The fingerprint of what is in use at the beginning: a difference is told at once. */
  readonly baseline: string;
  readonly onChange: () => void;
  /** A change is told when it has stood still for this long: an editor writes in several steps. */
  readonly settleMs: number;
  /** How often it is looked without any hint. */
  readonly pollMs: number;
}

/**
 * Tells when the content of files changed, however that was done: written in place, replaced by rename, or by swapping a
 * symbolic link somewhere above them (as Kubernetes does with `..data` of a ConfigMap). What the system says about the
 * folders is only a hint to look; it says nothing on network volumes, and nothing any more about a folder that was
 * replaced. So every few seconds it is looked anyhow. Touching a file without changing it is no change.
 */
export class FileWatch {
  readonly #options: FileWatchOptions;
  readonly #watchers = new Map<string, { readonly identity: string; readonly watcher: FSWatcher }>();
  #known: string;
  /** Seen at the last look, and not what is known: told if the next look sees the same. */
  #unsettled: string | null = null;
  #soon: NodeJS.Timeout | null = null;
  #polling: NodeJS.Timeout | null = null;

  constructor(options: FileWatchOptions) {
    this.#options = options;
    this.#known = options.baseline;
  }

  start(): void {
    this.#polling = setInterval(() => this.#look(), this.#options.pollMs).unref();
    this.#look();
  }

  close(): void {
    if (this.#polling !== null) clearInterval(this.#polling);
    if (this.#soon !== null) clearTimeout(this.#soon);
    for (const { watcher } of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #look(): void {
    const { fingerprint, settleMs, onChange } = this.#options;
    // Before reading: what changes afterwards gives a hint of its own.
    this.#watchFolders();
    const seen = fingerprint();
    if (seen === this.#known) {
      this.#unsettled = null;
    } else if (seen === this.#unsettled && this.#soon === null) {
      this.#unsettled = null;
      this.#known = seen;
      onChange();
    } else {
      this.#unsettled = seen;
      this.#lookIn(settleMs);
    }
  }

  /** Not put off by further hints: a folder where something is written all the time would never be looked at. */
  #lookIn(ms: number): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = null;
      this.#look();
    }, ms).unref();
  }

  #watchFolders(): void {
    const wanted = new Map(this.#options.folders().map((folder) => [folder, identityOf(folder)]));
    for (const [folder, { identity, watcher }] of this.#watchers) {
      if (wanted.get(folder) === identity) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
    for (const [folder, identity] of wanted) {
      if (identity !== null && !this.#watchers.has(folder)) this.#watch(folder, identity);
    }
  }

  #watch(folder: string, identity: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, (event, name) => {
        // A folder may hold a log as well: only a new or vanished name, or a rule file's content, is worth a look.
        if (event === 'rename' || name === null || /\.ya?ml$/.test(name)) this.#lookIn(this.#options.settleMs / 4);
      });
      // It is replaced by the next look, if it can be; until then polling does.
      watcher.on('error', () => this.#forget(folder, watcher));
      this.#watchers.set(folder, { identity, watcher });
    } catch {
      // No watches left (inotify limits), or not supported: polling does.
    }
  }

  #forget(folder: string, watcher: FSWatcher): void {
    watcher.close();
    if (this.#watchers.get(folder)?.watcher === watcher) this.#watchers.delete(folder);
  }
}

/** Another folder under the same name has another one. Null: there is none. */
function identityOf(folder: string): string | null {
  try {
    const { dev, ino } = statSync(folder);
    return `${dev}:${ino}`;
  } catch {
    return null;
  }
}
