/** Composition root of the checks: everything wrong with any server, at once, before anything is touched. */
import { preflightTarget } from './cache/redis-preflight.ts';
import { serverIdOf } from './capture.ts';
import { hasCheckpoint } from './first-start.ts';
import { allPlans } from './model/invalidation.ts';
import type { RuleSet } from './rules/rule-set.ts';
import { unsuitableColumns } from './rules/check/check-columns.ts';
import { missingColumns, unmatchedTables } from './rules/check/check-tables.ts';
import { problemAt } from './rules/check/problem-at.ts';
import { misreadHistory } from './rules/check/history-tables.ts';
import type { LiveTable } from './rules/check/live-table.ts';
import { tableWarnings } from './rules/check/table-warnings.ts';
import { sampleKey } from './rules/template/sample-key.ts';
import { templateLookups } from './rules/template/template-uses.ts';
import { pipelineOf } from './run.ts';
import type { Config } from './runtime/config/config.ts';
import type { LoadedConfig } from './runtime/config/load.ts';
import { distinct } from './preflight-distinct.ts';
import { formatProblem, ProblemsError, SluiceError, type Problem } from './runtime/errors.ts';
import type { Logger } from './runtime/logger.ts';
import { preflightSource } from './source/preflight.ts';
import { preflightQueries, type RuleQuery } from './source/preflight-queries.ts';
import { readTables, readViews } from './source/tables.ts';
import { kafkaRights, kafkaTransport, topicPlans } from './topics.ts';
import { checkRights } from './transport/kafka-rights.ts';
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
  readonly onWarning?: (warning: Problem) => void;
}

/**
 * Throws ProblemsError('PREFLIGHT_FAILED') with every problem of every part. Before that it tells `onWarning` what is most likely not
 * meant, when it is only a check: a start is not made to be told about it.
 */
export async function preflight(options: PreflightOptions): Promise<void> {
  const { parts, onWarning = () => undefined } = options;
  const warnings: Problem[] = [];
  const restarts = onlyOnce(() => isRestart(options));
  const found = await Promise.all([
    parts.includes('source') ? sourceProblems(options, restarts, warnings) : [],
    readProblems(options).then((problems) => unlessAway(options, restarts, problems)),
    parts.includes('targets') ? targetProblems(options, restarts) : [],
    parts.includes('kafka') ? kafkaProblems(options, 'check') : [],
  ]);
  // The source and the server for refresh queries are mostly the same: what is wrong with both is said once.
  const problems = distinct(found.flat());
  warnings.forEach(onWarning);
  if (problems.length > 0) throw new ProblemsError('PREFLIGHT_FAILED', problems);
  // Only when nothing else is wrong: a refused start must have touched nothing.
  if (parts.includes('kafka') && options.mode === 'prepare') {
    const refused = await kafkaProblems(options, 'prepare');
    if (refused.length > 0) throw new ProblemsError('PREFLIGHT_FAILED', refused);
  }
}

/**
 * What the servers have against other rules than those of the start: only what depends on the rules is looked at. A column
 * that is missing always counts: the old rules know the rows from before it was renamed. `temporary`: a server is away.
 */
export async function preflightRules({
  loaded,
  ruleSet,
  parts,
  logger,
}: Omit<PreflightOptions, 'mode' | 'onWarning'>): Promise<Problem[]> {
  const { address, connectTimeoutMs } = loaded.config.source;
  const columns = async (): Promise<Problem[]> => {
    const tables = await readTables(address, connectTimeoutMs);
    warn(logger, unmatchedTables(ruleSet, tables, await viewsFor(loaded, ruleSet)));
    return [
      ...missingColumns(ruleSet, tables),
      ...unsuitableColumns(ruleSet, tables),
      ...misreadHistory(ruleSet, tables),
    ];
  };
  const found = await Promise.all([
    parts.includes('source') ? columns().catch((error: unknown) => awayProblems(loaded, error)) : [],
    // Whatever a server has against us may pass: a reload tries again.
    readProblems({ loaded, ruleSet, parts }, (problem) => ({ ...problem, temporary: true })),
  ]);
  return distinct(found.flat());
}

/** `sluice apply` keeps no checkpoint: each of its starts counts as the first. */
async function isRestart({ loaded, parts, mode }: PreflightOptions): Promise<boolean> {
  return mode === 'prepare' && parts.includes('source') && (await hasCheckpoint(loaded.config));
}

async function sourceProblems(
  options: PreflightOptions,
  restarts: () => Promise<boolean>,
  warnings: Problem[],
): Promise<Problem[]> {
  const { loaded, ruleSet, mode, logger } = options;
  const { config } = loaded;
  const { address, connectTimeoutMs } = config.source;
  const problems = await Promise.all(
    serverIds(config).map((serverId) =>
      preflightSource({ address, serverId, connectTimeoutMs, lease: config.lease.enabled }),
    ),
  );
  if (problems.flat().length > 0) {
    const here = problems.flat().map((problem) => located(loaded, ['source'], problem));
    return unlessAway(options, restarts, here);
  }
  let tables: readonly LiveTable[];
  let views: Awaited<ReturnType<typeof readViews>>;
  try {
    tables = await readTables(address, connectTimeoutMs);
    views = await viewsFor(loaded, ruleSet);
  } catch (error) {
    // It may go between two questions.
    return unlessAway(options, restarts, awayProblems(loaded, error));
  }
  const unmatched = unmatchedTables(ruleSet, tables, views);
  const missing = [...missingColumns(ruleSet, tables), ...unsuitableColumns(ruleSet, tables)];
  const history = misreadHistory(ruleSet, tables);
  if (mode === 'check') {
    warnings.push(...tableWarnings(ruleSet, tables));
    return [...unmatched, ...missing, ...history];
  }
  // A table may be created after the daemon has started; a check is made to be told about it.
  warn(logger, unmatched);
  // The log may still hold rows from before a column was renamed: these rules fit them, and those to come do not.
  if (missing.length === 0 || !(await restarts())) return [...missing, ...history];
  warn(logger, missing);
  return history;
}

/**
 * A MySQL that does not answer is waited for by a start that is not the first: it must get going again by itself after
 * whatever took both down. What can be known only of a server that answers is then found when it does.
 */
async function unlessAway(
  { logger }: PreflightOptions,
  restarts: () => Promise<boolean>,
  problems: Problem[],
): Promise<Problem[]> {
  if (problems.length === 0 || !problems.every(({ temporary }) => temporary === true)) return problems;
  if (!(await restarts())) return problems;
  warn(logger, problems);
  return [];
}

/** The source did not answer a question. Throws every other error. */
function awayProblems(loaded: LoadedConfig, error: unknown): Problem[] {
  if (!(error instanceof SluiceError && error.retryable)) throw error;
  const remedy =
    'Is the source running? Can this machine reach it? Rules that are reloaded are tried again by themselves.';
  return [{ ...located(loaded, ['source'], { message: error.message, remedy }), temporary: true }];
}

/** Only lookups may name one. */
async function viewsFor({ config }: LoadedConfig, { rules }: RuleSet): ReturnType<typeof readViews> {
  const { address, connectTimeoutMs } = config.source;
  return rules.some(({ lookup }) => lookup !== null) ? readViews(address, connectTimeoutMs) : [];
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

async function readProblems(
  { loaded, ruleSet, parts }: Pick<PreflightOptions, 'loaded' | 'ruleSet' | 'parts'>,
  ofServer: (problem: Problem) => Problem = (problem) => problem,
): Promise<Problem[]> {
  const { source, read } = loaded.config;
  const { address, timeoutMs } = read;
  const section = address === source.address ? 'source' : 'read';
  const problems = await preflightQueries({ address, section, timeoutMs, queries: queriesOf(ruleSet, parts) });
  return problems.map(({ rule, ofLookup, ...problem }) => {
    const mentions = ruleSet.mentions.find((each) => each.rule === rule);
    const place = ofLookup === true ? mentions?.lookup : mentions?.query;
    if (place === undefined || place === null) return ofServer(located(loaded, [section], problem));
    return { ...problem, ...problemAt(place, problem.message, problem.remedy) };
  });
}

/** Of refreshes, which workers ask, and of lookups, which whoever reads the source asks. */
function queriesOf(ruleSet: RuleSet, parts: readonly Part[]): RuleQuery[] {
  const refreshes = allPlans(ruleSet.plans).flatMap(({ rule, from }) =>
    from.kind === 'query' ? [{ rule, sql: from.sql, database: databaseOf(ruleSet, rule) }] : [],
  );
  const lookups = ruleSet.rules.flatMap(({ name, lookup, keys, partitionKey }) => {
    if (lookup === null) return [];
    const templates = partitionKey === null ? keys : [...keys, partitionKey];
    const columns = [...new Set(templates.flatMap(templateLookups).map((use) => use.name))];
    return [{ rule: name, sql: lookup.sql, database: databaseOf(ruleSet, name), lookup: { columns } }];
  });
  return [...(parts.includes('read') ? refreshes : []), ...(parts.includes('source') ? lookups : [])];
}

/**
 * A target that does not answer is waited for when this is not the first start, or when another one answers: the start
 * after a crash must not fail because of a dead target. At a first start, alone, it is more likely a wrong address, and
 * refused.
 */
async function targetProblems(
  { loaded, ruleSet, mode, logger }: PreflightOptions,
  restarts: () => Promise<boolean>,
): Promise<Problem[]> {
  const sampleKeys = ruleSet.rules.flatMap(({ keys }) => keys.map(sampleKey)).filter((key) => key !== null);
  const found = await Promise.all(loaded.config.targets.map((target) => preflightTarget({ ...target, sampleKeys })));
  const isAway = (problems: readonly Problem[]): boolean => problems.some(({ temporary }) => temporary === true);
  const waits =
    mode === 'prepare' && found.some(isAway) && (found.some((problems) => !isAway(problems)) || (await restarts()));
  return found.flatMap((problems, index) => {
    const here = problems.map((problem) => located(loaded, ['targets', index], problem));
    if (!waits || !isAway(problems)) return here;
    warn(logger, here);
    return here.filter(({ temporary }) => temporary !== true);
  });
}

async function kafkaProblems(
  { loaded, parts, logger }: PreflightOptions,
  mode: 'prepare' | 'check',
): Promise<Problem[]> {
  const { config } = loaded;
  const connection = kafkaTransport(config);
  // Whoever does not read the source is a worker; a check of everything is about both.
  const topics = topicPlans(config, parts.includes('source') ? 'capture' : 'apply');
  const found =
    mode === 'check'
      ? await checkTopics({ connection, topics, logger })
      : await ensureTopics({ connection, topics, logger });
  const rights = [
    ...(parts.includes('source') ? kafkaRights(config, 'capture') : []),
    ...(parts.includes('targets') ? kafkaRights(config, 'apply') : []),
  ];
  const lacking = await checkRights({ connection, rights, logger });
  return distinct([...found, ...lacking]).map((problem) => located(loaded, ['transport'], problem));
}

/** Gives a problem the place of the option that it is about. */
function located(
  loaded: LoadedConfig,
  path: readonly (string | number)[],
  { message, remedy, temporary = false }: Problem,
): Problem {
  return { ...loaded.problem(path, message, remedy), ...(temporary ? { temporary } : {}) };
}

function warn(logger: Logger, problems: readonly Problem[]): void {
  for (const problem of problems) logger.warn(formatProblem(problem));
}

function onlyOnce<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => (answer ??= ask());
}
