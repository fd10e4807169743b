import type { Command } from 'commander';
import { preflight, type Part } from '../preflight.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { loadConfigFile, type LoadedConfig } from '../runtime/config/load.ts';
import { ProblemsError, type Problem } from '../runtime/errors.ts';
import { silentLogger } from '../runtime/logger.ts';
import { loadRuleSet } from './load-rules.ts';

interface CheckFlags {
  readonly config?: string;
  readonly rules?: string;
  readonly live?: boolean;
}

export function registerCheck(program: Command): void {
  program
    .command('check')
    .description('Validate configuration and rules; with --live also MySQL, Redis and Kafka. Changes nothing')
    .option('-c, --config <file>', 'configuration (default: ./sluice.yaml, then /etc/sluice/sluice.yaml)')
    .option('-r, --rules <path>', 'rule file or folder, instead of what the configuration names')
    .option('--live', 'also look at every server: settings, privileges, tables, columns, topics')
    .addHelpText(
      'after',
      `
Examples:
  sluice check --config sluice.yaml
  sluice check --rules rules.yaml              rules alone, no configuration needed
  sluice check --config sluice.yaml --live

Exit code 2 when anything is wrong; every problem is listed with its place and remedy.`,
    )
    .action(check);
}

async function check(flags: CheckFlags): Promise<void> {
  const problems: Problem[] = [];
  // A rule file can be looked at although the configuration is wrong, and the other way round.
  const rulesAlone = flags.rules !== undefined && flags.config === undefined && flags.live !== true;
  const loaded = rulesAlone ? undefined : collect(problems, () => loadConfigFile(flags.config, process.env));
  const paths = flags.rules === undefined ? loaded?.config.rules : [flags.rules];
  const ruleSet = paths === undefined ? undefined : collect(problems, () => loadRuleSet(paths));
  if (problems.length > 0) throw new ProblemsError('CONFIG_INVALID', problems);
  for (const warning of loaded?.warnings ?? []) console.error(`warning: ${warning}`);
  if (loaded !== undefined && ruleSet !== undefined) await checkLive(flags, loaded, ruleSet);
  console.log(`ok: ${describe(loaded, ruleSet)}${flags.live === true ? '; every server is as it should be' : ''}`);
}

async function checkLive(flags: CheckFlags, loaded: LoadedConfig, ruleSet: RuleSet): Promise<void> {
  if (flags.live !== true) return;
  const parts: Part[] = [
    'source',
    'read',
    'targets',
    ...(loaded.config.transport.kind === 'kafka' ? ['kafka' as const] : []),
  ];
  await preflight({ loaded, ruleSet, parts, mode: 'check', logger: silentLogger });
}

function collect<T>(problems: Problem[], load: () => T): T | undefined {
  try {
    return load();
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}

function describe(loaded: LoadedConfig | undefined, ruleSet: RuleSet | undefined): string {
  const count = ruleSet?.rules.length ?? 0;
  const rules = `${count} ${count === 1 ? 'rule' : 'rules'} (${ruleSet?.hash})`;
  return loaded === undefined ? rules : `configuration \`${loaded.config.name}\`, ${rules}`;
}
