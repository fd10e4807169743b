import type { Command } from 'commander';
import { readFileSync } from 'node:fs';
import { evaluateHistory, lookupFor } from '../explain.ts';
import { explainChange } from '../explain-change.ts';
import { parseExplainedChange, type ExplainedChange } from '../rules/testing/explained-change.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Config } from '../runtime/config/config.ts';
import { didYouMean } from '../runtime/config/did-you-mean.ts';
import { ProblemsError, SluiceError, errorMessage } from '../runtime/errors.ts';
import { catchStopSignals } from '../runtime/stop-signal.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import type { HistorySelection } from '../source/history.ts';
import { addHistoryOptions, collect, selectionOf, wrongFlags, type HistoryFlags } from './history-flags.ts';
import { loadAll, loadRuleSet } from './load-rules.ts';
import { ExplainPrinter } from './explain-printer.ts';

interface ExplainFlags extends HistoryFlags {
  readonly config?: string;
  readonly rules?: readonly string[];
  readonly change?: string;
  readonly against?: string;
  readonly table?: string;
  readonly rule?: string;
  readonly key?: string;
  readonly showUnmatched?: boolean;
  readonly values?: boolean;
  readonly json?: boolean;
}

export function registerExplain(program: Command): void {
  const command = program
    .command('explain')
    .description('Say which rules a change matches, which not and why, and what they would do. Changes nothing')
    .option('-c, --config <file>', 'configuration (default: ./sluice.yaml, then /etc/sluice/sluice.yaml)')
    .option(
      '-r, --rules <path>',
      'rule file or folder, instead of what the configuration names; may be repeated',
      collect,
    )
    .option('--change <text>', 'a change as in test files, or @FILE; MySQL is asked only for lookups');
  addHistoryOptions(command)
    .option('--against <path>', 'other rules: print only what they would do otherwise with the same changes')
    .option('--table <glob>', 'only these tables: table, or database.table')
    .option('--rule <name>', 'only this rule')
    .option('--key <glob>', 'only these cache keys')
    .option('--show-unmatched', 'also changes of tables that no rule is about')
    .option('--values', 'show the rows; without it only primary keys and cache keys are shown')
    .option('--json', 'one JSON object per change')
    .addHelpText(
      'after',
      `
Examples:
  sluice explain --rules rules.yaml --change '{table: shop.products, delete: {id: 7, category_id: 5}}'
  sluice explain --config sluice.yaml --last 20                     what the newest transactions mean
  sluice explain --config sluice.yaml --gtid 3e11fa47-71ca-11e1-9e33-c80aa9429562:23
  sluice explain --config sluice.yaml --last 1000 --against new-rules.yaml
  sluice explain --config sluice.yaml --from binlog.000007:4 --json | jq -c .rules

A change that needs more is a mapping around it, of \`change\` (or \`transaction\`, a list) and what else it takes:
  {change: {table: shop.lines, insert: {id: 1, order_id: 10}},
   lookups: {line: [{parameters: {order_id: 10}, rows: [{customer_id: 3}]}]},     what the lookup of rule \`line\` finds
   tables: {shop.lines: {columns: {id: int, order_id: int}, primary_key: [id]}},  types; what is left out is NULL
   epochs: {shop.lines: 4242}}                                                    as the tables have them before
Without \`lookups\`, MySQL answers them if there is a --config. A column that rules name and the change leaves out is NULL.

History is read from \`source\`, lookups from \`read\`; Redis and Kafka are never touched. A lookup finds what is in the
database now. Epochs that were raised before the history begins count as 0.`,
    )
    .action(explain);
}

async function explain(flags: ExplainFlags): Promise<void> {
  const selection = selectionOf(flags);
  if ((selection === null) === (flags.change === undefined)) {
    throw wrongFlags(
      'say what is to be explained: a change or a piece of history',
      'Give one of --change, --last, --from and --gtid.',
    );
  }
  const { config, ruleSets } = load(flags, selection);
  if (flags.rule !== undefined) requireRule(flags.rule, ruleSets);
  const printer = new ExplainPrinter({
    ruleSets,
    filter: flags,
    partitions: config?.transport.partitions ?? null,
    values: flags.values === true,
    json: flags.json === true,
  });
  if (selection === null || config === null) {
    await explainOne(printer, readChange(flags.change ?? ''), config, ruleSets);
    return;
  }
  await explainHistory(printer, config, selection, ruleSets);
}

async function explainOne(
  printer: ExplainPrinter,
  change: ExplainedChange,
  config: Config | null,
  ruleSets: readonly RuleSet[],
): Promise<void> {
  const stop = catchStopSignals(() => undefined);
  const lookup = config === null || change.hasAnswers ? null : lookupFor(config, ruleSets, systemClock);
  try {
    const evaluated = await explainChange(change, { ruleSets, lookup, clock: systemClock, signal: stop.signal });
    for (const { database, table, column } of evaluated.taken) {
      console.error(`note: \`${column}\` of ${database}.${table} is not written: taken as NULL`);
    }
    printer.print(evaluated);
    printer.end();
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    await lookup?.close();
  }
  stop.raiseAgain();
}

async function explainHistory(
  printer: ExplainPrinter,
  config: Config,
  selection: HistorySelection,
  ruleSets: readonly RuleSet[],
): Promise<void> {
  const stop = catchStopSignals(() => undefined);
  const lookup = lookupFor(config, ruleSets, systemClock);
  try {
    const run = { config, selection, ruleSets, lookup, clock: systemClock, signal: stop.signal };
    for await (const evaluated of evaluateHistory(run)) printer.print(evaluated);
  } catch (error) {
    if (!stop.signal.aborted) {
      // What was explained stays true, and one can go on behind the event.
      if (error instanceof SluiceError && error.code === 'SOURCE_DECODE') printer.endAtUndecodable();
      throw error;
    }
  } finally {
    printer.clearProgress();
    await lookup?.close();
  }
  printer.end();
  stop.raiseAgain();
}

function requireRule(name: string, ruleSets: readonly RuleSet[]): void {
  const names = [...new Set(ruleSets.flatMap(({ rules }) => rules.map((rule) => rule.name)))];
  if (names.includes(name)) return;
  throw wrongFlags(`--rule: there is no rule \`${name}\``, didYouMean(name, names) ?? `There are ${names.join(', ')}.`);
}

/** A change on the command line needs no configuration; one that is named still tells the number of partitions. */
function load(
  flags: ExplainFlags,
  selection: HistorySelection | null,
): { readonly config: Config | null; readonly ruleSets: readonly RuleSet[] } {
  const others = flags.against === undefined ? [] : [loadRuleSet([flags.against])];
  if (selection === null && flags.config === undefined && flags.rules !== undefined) {
    return { config: null, ruleSets: [loadRuleSet(flags.rules), ...others] };
  }
  const { loaded, ruleSet } = loadAll(flags.config, process.env, flags.rules);
  return { config: loaded.config, ruleSets: [ruleSet, ...others] };
}

function readChange(text: string): ExplainedChange {
  if (!text.startsWith('@')) return parseExplainedChange('--change', text);
  const file = text.slice(1);
  try {
    return parseExplainedChange(file, readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof ProblemsError) throw error;
    const message = `the change cannot be read: ${errorMessage(error)}`;
    throw new ProblemsError('CONFIG_INVALID', [{ file, message, remedy: 'Mend its name or its permissions.' }]);
  }
}
