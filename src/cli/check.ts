import { Option, type Command } from 'commander';
import { preflight, type Part } from '../preflight.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import type { LoadedConfig } from '../runtime/config/load.ts';
import { escapeControls } from '../runtime/config/shown.ts';
import { formatProblem, type Problem } from '../runtime/errors.ts';
import { silentLogger } from '../runtime/logger.ts';
import { collect, refuseArguments, refuseTestFiles } from './rule-flags.ts';
import { loadAll, loadRuleSet } from './load-rules.ts';

interface CheckFlags {
  readonly config?: string;
  readonly rules?: readonly string[];
  readonly live?: boolean;
  readonly for?: keyof typeof PARTS;
}

/** What each daemon needs: one may have accounts of its own, with fewer rights. */
const PARTS = {
  run: ['source', 'read', 'targets'],
  capture: ['source', 'kafka'],
  apply: ['read', 'targets', 'kafka'],
} as const satisfies Record<string, readonly Part[]>;

export function registerCheck(program: Command): void {
  program
    .command('check')
    .description('Validate configuration and rules; with --live also MySQL, Redis and Kafka. Changes nothing')
    .option('-c, --config <file>', 'configuration (default: ./sluice.yaml, then /etc/sluice/sluice.yaml)')
    .option(
      '-r, --rules <path>',
      'rule file, folder or glob, instead of what the configuration names; repeatable',
      collect,
    )
    .allowExcessArguments()
    .option('--live', 'also look at every server: settings, privileges, tables, columns, topics')
    .addOption(
      new Option(
        '--for <command>',
        'with --live: only what this command needs, where each has accounts of its own',
      ).choices(Object.keys(PARTS)),
    )
    .addHelpText(
      'after',
      `
Examples:
  sluice check --config sluice.yaml
  sluice check --rules rules.yaml              rules alone, no configuration needed
  sluice check --rules shop.yaml --rules 'more/*.yaml'
  sluice check --config sluice.yaml --live
  sluice check --config sluice.yaml --live --for apply

Exit code 2 when anything is wrong; every problem is listed with its place and remedy. What is allowed and most
likely not meant is a warning, and changes nothing in the exit code.`,
    )
    .action(check);
}

async function check(flags: CheckFlags, command: Command): Promise<void> {
  const rulesAlone = flags.config === undefined && flags.live !== true ? flags.rules : undefined;
  refuseArguments(command.args, flags.rules ?? []);
  refuseTestFiles(flags.rules ?? []);
  const { loaded, ruleSet } =
    rulesAlone === undefined
      ? loadAll(flags.config, process.env, flags.rules)
      : { loaded: undefined, ruleSet: loadRuleSet(rulesAlone) };
  for (const warning of loaded?.warnings ?? []) console.error(`warning: ${escapeControls(warning)}`);
  ruleSet.warnings.forEach(warn);
  if (loaded !== undefined && flags.live === true) await checkLive(loaded, ruleSet, flags.for);
  console.log(`ok: ${describe(loaded, ruleSet)}${flags.live === true ? '; every server is as it should be' : ''}`);
}

async function checkLive(loaded: LoadedConfig, ruleSet: RuleSet, command: CheckFlags['for']): Promise<void> {
  const all: Part[] = [
    'source',
    'read',
    'targets',
    ...(loaded.config.transport.kind === 'kafka' ? ['kafka' as const] : []),
  ];
  const parts = command === undefined ? all : PARTS[command].filter((part) => all.includes(part));
  await preflight({ loaded, ruleSet, parts, mode: 'check', logger: silentLogger, onWarning: warn });
}

function describe(loaded: LoadedConfig | undefined, ruleSet: RuleSet): string {
  const count = ruleSet.rules.length;
  const rules = `${count} ${count === 1 ? 'rule' : 'rules'} (${ruleSet.hash})`;
  return loaded === undefined ? rules : `configuration \`${loaded.config.name}\`, ${rules}`;
}

function warn(problem: Problem): void {
  console.error(`warning: ${formatProblem(problem)}`);
}
