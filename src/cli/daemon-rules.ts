import type { LiveRules } from '../live-rules/live-rules.ts';
import { ruleFolders } from '../live-rules/watch.ts';
import type { RulesAdmin } from '../runtime/admin-server.ts';
import type { Config } from '../runtime/config/config.ts';
import { FileWatch } from '../runtime/file-watch.ts';
import { rulesFingerprint } from './load-rules.ts';

/** With these a saved file is in force about half a second later; on a network volume after seconds. */
const SETTLE_MS = 300;
const POLL_MS = 5_000;

/** What the admin server may ask of the rules. */
export function rulesAdmin(rules: LiveRules, stop: AbortSignal): RulesAdmin {
  return {
    describe: () => rules.describe(),
    reload: async () => {
      if (stop.aborted) return null;
      const result = await rules.reload('request');
      return stop.aborted && result.outcome === 'refused' ? null : result;
    },
    notes: () =>
      rules.refusal === null
        ? []
        : [`the rule files are refused (GET /v1/rules says why); the rules ${rules.current.hash} stay in force`],
  };
}

/** Reloads when the content of the rule files is another than `fingerprint`; null: not configured. */
export function watchRules(config: Config, fingerprint: string, rules: LiveRules): FileWatch | null {
  if (!config.reload.watch) return null;
  const watch = new FileWatch({
    fingerprint: () => rulesFingerprint(config.rules),
    folders: () => ruleFolders(config.rules, rules.files),
    baseline: fingerprint,
    onChange: () => void rules.reload('file'),
    settleMs: SETTLE_MS,
    pollMs: POLL_MS,
  });
  watch.start();
  return watch;
}
