/** Sluice's source, decoder and rules, as built by `npm run build`, and nothing behind them. Started by drain.ts. */
import { NO_EPOCHS } from '../../src/model/position.ts';
import type * as MysqlChangeSourceModule from '../../src/source/mysql-change-source.ts';
import type * as BinlogDecoderModule from '../../src/decode/binlog-decoder.ts';
import type * as RuleEvaluatorModule from '../../src/rules/evaluate/evaluate.ts';
import type * as loadRulesModule from '../../src/rules/rule-file.ts';
import type * as systemClockModule from '../../src/runtime/clock.ts';
import type * as silentLoggerModule from '../../src/runtime/logger.ts';
import type * as MetricsModule from '../../src/runtime/metrics.ts';
import { built } from '../built.ts';
import { SecondHalf } from './second-half.ts';
import { serverId, settings } from './settings.ts';

const { MysqlChangeSource } = await built<typeof MysqlChangeSourceModule>('source/mysql-change-source.js');
const { BinlogDecoder } = await built<typeof BinlogDecoderModule>('decode/binlog-decoder.js');
const { RuleEvaluator } = await built<typeof RuleEvaluatorModule>('rules/evaluate/evaluate.js');
const { loadRules } = await built<typeof loadRulesModule>('rules/rule-file.js');
const { systemClock } = await built<typeof systemClockModule>('runtime/clock.js');
const { silentLogger } = await built<typeof silentLoggerModule>('runtime/logger.js');
const { Metrics } = await built<typeof MetricsModule>('runtime/metrics.js');

/** The defaults of the configuration. */
const MAX_CHUNK_BYTES = 1024 * 1024;
const MAX_XA_BYTES = 16 * 1024 * 1024;

const { from, to, mysql, rules } = settings;
const { signal } = new AbortController();
const metrics = new Metrics();
const source = new MysqlChangeSource({
  pipeline: 'bench',
  address: { ...mysql, database: null, tls: null },
  serverId,
  heartbeatMs: 5_000,
  connectTimeoutMs: 10_000,
  netWriteTimeoutMs: 600_000,
  maxBufferedBytes: MAX_CHUNK_BYTES,
  createDecoder: (point, { lowerCaseNames, onFile }) =>
    new BinlogDecoder({
      from: point,
      maxChunkBytes: MAX_CHUNK_BYTES,
      maxHeldBytes: MAX_XA_BYTES,
      lowerCaseNames,
      onFile,
    }),
  clock: systemClock,
  logger: silentLogger,
  metrics,
});
const ruleSet = loadRules([{ file: 'rules.yaml', text: JSON.stringify({ rules }) }]);
const evaluator = new RuleEvaluator({ ruleSet, metrics, lookup: null, clock: systemClock });
const position = await source.locate({ kind: 'coordinates', coordinates: from }, signal);
const progress = new SecondHalf(to.offset - from.offset);
for await (const batch of source.changes({ position, lastVersion: 0 }, signal)) {
  const evaluated = evaluator.evaluate(batch, { captureTimeMs: 0, epochs: NO_EPOCHS, signal });
  // Not awaited when there is nothing to wait for: neither does the capture.
  const { letters } = evaluated instanceof Promise ? await evaluated : evaluated;
  if (letters.length > 0) throw new Error(letters[0]?.reason);
  if (batch.end === null) continue;
  // The last batch may reach into the next file.
  const { file, offset } = batch.end.coordinates;
  progress.at(file === from.file ? offset - from.offset : Infinity);
}
