/** Composition root of the checks: everything wrong with any server, at once, before anything is touched. */
import { preflightTarget } from './cache/redis-preflight.ts';
import { serverIdOf } from './capture.ts';
import type { RuleSet } from './rules/rule-set.ts';
import { missingColumns, unmatchedTables } from './rules/check-tables.ts';
import { pipelineOf } from './run.ts';
import type { Config } from './runtime/config/config.ts';
import type { LoadedConfig } from './runtime/config/load.ts';
import { formatProblem, ProblemsError, type Problem } from './runtime/errors.ts';
import type { Logger } from './runtime/logger.ts';
import { preflightSource } from './source/preflight.ts';
import { preflightQueries } from './source/preflight-queries.ts';
import { readTables } from './source/tables.ts';
import { kafkaTransport, topicPlans } from './topics.ts';
import { checkTopics, ensureTopics } from './transport/kafka-topics.ts';

/** The servers a command needs: where changes come from, where refreshes are read, where keys are, and what lies between. */
export type Part = 'source' | 'read' | 'targets' | 'kafka';

export interface PreflightOptions {
  readonly loaded: LoadedConfig;
  readonly ruleSet: RuleSet;
  readonly parts: readonly Part[];
  /** `prepare` creates missing topics; `check` changes nothing anywhere. */
  readonly mode: 'prepare' | 'check';
  readonly logger: Logger;
}

/** Throws ProblemsError('PREFLIGHT_FAILED') with every problem of every part. */
export async function preflight(options: PreflightOptions): Promise<void> {
  const { parts } = options;
  const found = await Promise.all([
    parts.includes('source') ? sourceProblems(options) : [],
    parts.includes('read') ? readProblems(options) : [],
    parts.includes('targets') ? targetProblems(options) : [],
    parts.includes('kafka') ? kafkaProblems(options, 'check') : [],
  ]);
  // The source and the server for refresh queries are mostly the same: what is wrong with both is said once.
  const problems = distinct(found.flat());
  if (problems.length > 0) throw new ProblemsError('PREFLIGHT_FAILED', problems);
  // Only when nothing else is wrong: a refused start must have touched nothing.
  if (parts.includes('kafka') && options.mode === 'prepare') {
    const refused = await kafkaProblems(options, 'prepare');
    if (refused.length > 0) throw new ProblemsError('PREFLIGHT_FAILED', refused);
  }
}

async function sourceProblems({ loaded, ruleSet, mode, logger }: PreflightOptions): Promise<Problem[]> {
  const { config } = loaded;
  const { address, connectTimeoutMs } = config.source;
  const problems = await Promise.all(
    serverIds(config).map((serverId) => preflightSource({ address, serverId, connectTimeoutMs })),
  );
  if (problems.flat().length > 0) return problems.flat().map((problem) => located(loaded, ['source'], problem));
  const tables = await readTables(address, connectTimeoutMs);
  const unmatched = unmatchedTables(ruleSet, tables);
  // A table may be created after the daemon has started; a check is made to be told about it.
  if (mode === 'prepare') for (const problem of unmatched) logger.warn(formatProblem(problem));
  return [...(mode === 'check' ? unmatched : []), ...missingColumns(ruleSet, tables)];
}

/** The default database of a rule's query; unknown before a row changed where a rule is about many databases. */
function databaseOf(ruleSet: RuleSet, rule: string): string | null {
  const pattern = ruleSet.mentions.find((mentions) => mentions.rule === rule)?.tables[0]?.pattern;
  return pattern?.exact === true ? pattern.text.slice(0, pattern.text.indexOf('.')) : null;
}

/** One per pipeline: `sluice run` has a pipeline for each target. */
function serverIds(config: Config): number[] {
  if (config.transport.kind === 'kafka') return [serverIdOf({ config }, config.name)];
  return config.targets.map(({ name }, index) => serverIdOf({ config }, pipelineOf({ config }, name), index));
}

async function readProblems({ loaded, ruleSet }: PreflightOptions): Promise<Problem[]> {
  const { address, timeoutMs } = loaded.config.read;
  const queries = [...ruleSet.plans.values()].flatMap(({ rule, from }) =>
    from.kind === 'query' ? [{ rule, sql: from.sql, database: databaseOf(ruleSet, rule) }] : [],
  );
  const problems = await preflightQueries({ address, timeoutMs, queries });
  return problems.map(({ rule, ...problem }) => {
    const place = ruleSet.mentions.find((mentions) => mentions.rule === rule)?.tables[0];
    if (place === undefined) return problem;
    return { file: place.file, line: place.line, column: place.column, ...problem };
  });
}

/**
 * A target that does not answer is waited for when another one does: the start after a crash must not fail because of
 * one dead target, or it would stop the others. Alone, it is more likely a wrong address, and refused.
 */
async function targetProblems({ loaded, mode, logger }: PreflightOptions): Promise<Problem[]> {
  const found = await Promise.all(loaded.config.targets.map((target) => preflightTarget(target)));
  const isAway = (problems: readonly Problem[]): boolean => problems.some(({ temporary }) => temporary === true);
  const waits = mode === 'prepare' && found.some((problems) => !isAway(problems));
  return found.flatMap((problems, index) => {
    const here = problems.map((problem) => located(loaded, ['targets', index], problem));
    if (!waits || !isAway(problems)) return here;
    for (const problem of here) logger.warn(formatProblem(problem));
    return [];
  });
}

async function kafkaProblems(
  { loaded, parts, logger }: PreflightOptions,
  mode: 'prepare' | 'check',
): Promise<Problem[]> {
  const { config } = loaded;
  const connection = kafkaTransport(config);
  // Whoever does not read the source is a worker.
  const topics = topicPlans(config, parts.includes('source') ? 'capture' : 'apply');
  const problems =
    mode === 'check'
      ? await checkTopics({ connection, topics, logger })
      : await ensureTopics({ connection, topics, logger });
  return problems.map((problem) => located(loaded, ['transport'], problem));
}

/** Gives a problem the place of the option that it is about. */
function located(loaded: LoadedConfig, path: readonly (string | number)[], { message, remedy }: Problem): Problem {
  return loaded.problem(path, message, remedy);
}

function distinct(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((problem) => [problem.message, problem])).values()];
}
