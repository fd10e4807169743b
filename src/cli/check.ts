import type { Command } from 'commander';
import { preflight, type Part } from '../preflight.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import type { LoadedConfig } from '../runtime/config/load.ts';
import { formatProblem, type Problem } from '../runtime/errors.ts';
import { silentLogger } from '../runtime/logger.ts';
import { loadAll, loadRuleSet } from './load-rules.ts';

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
    .option('-r, --rules <path>', 'rule file, folder or glob, instead of what the configuration names')
    .option('--live', 'also look at every server: settings, privileges, tables, columns, topics')
    .addHelpText(
      'after',
      `
Examples:
  sluice check --config sluice.yaml
  sluice check --rules rules.yaml              rules alone, no configuration needed
  sluice check --config sluice.yaml --live

Exit code 2 when anything is wrong; every problem is listed with its place and remedy. What is allowed and most
likely not meant is a warning, and changes nothing in the exit code.`,
    )
    .action(check);
}

async function check(flags: CheckFlags): Promise<void> {
  const rulesAlone = flags.config === undefined && flags.live !== true ? flags.rules : undefined;
  const paths = flags.rules === undefined ? undefined : [flags.rules];
  const { loaded, ruleSet } =
    rulesAlone === undefined
      ? loadAll(flags.config, process.env, paths)
      : { loaded: undefined, ruleSet: loadRuleSet([rulesAlone]) };
  const warnings = [...(loaded?.warnings ?? []), ...ruleSet.warnings.map(formatProblem)];
  for (const warning of warnings) console.error(`warning: ${warning}`);
  const live = loaded === undefined ? [] : await checkLive(flags, loaded, ruleSet);
  for (const warning of live) console.error(`warning: ${formatProblem(warning)}`);
  console.log(`ok: ${describe(loaded, ruleSet)}${flags.live === true ? '; every server is as it should be' : ''}`);
}

async function checkLive(flags: CheckFlags, loaded: LoadedConfig, ruleSet: RuleSet): Promise<readonly Problem[]> {
  if (flags.live !== true) return [];
  const parts: Part[] = [
    'source',
    'read',
    'targets',
    ...(loaded.config.transport.kind === 'kafka' ? ['kafka' as const] : []),
  ];
  return preflight({ loaded, ruleSet, parts, mode: 'check', logger: silentLogger });
}

function describe(loaded: LoadedConfig | undefined, ruleSet: RuleSet): string {
  const count = ruleSet.rules.length;
  const rules = `${count} ${count === 1 ? 'rule' : 'rules'} (${ruleSet.hash})`;
  return loaded === undefined ? rules : `configuration \`${loaded.config.name}\`, ${rules}`;
}
