/**
 * The text of a checkpoint, the same in all three stores (file, Redis, Kafka): JSON over several lines, for people who
 * look. `format` grows when the meaning changes; a daemon refuses a format or a field it does not know rather than
 * resume from half of what was meant. Reading is strict, because a wrong position loses changes silently.
 */
import type { Checkpoint } from '../ports.ts';
import { NO_EPOCHS, type Epochs, type LogIdentity, type Position } from './position.ts';

const FORMAT = 1;

export function encodeCheckpoint({ position, lastVersion, epochs, savedAtMs }: Checkpoint): string {
  const text = {
    format: FORMAT,
    savedAt: new Date(savedAtMs).toISOString(),
    position: {
      flavour: position.flavour,
      serverUuid: position.serverUuid,
      coordinates: { file: position.coordinates.file, offset: position.coordinates.offset },
      gtidSet: position.gtidSet,
      ...(position.log === undefined ? {} : { log: { ...position.log } }),
    },
    lastVersion,
    // Only when there are any: what an older daemon cannot know it need not refuse.
    ...(epochs.size === 0 ? {} : { epochs: Object.fromEntries(epochs) }),
  };
  return `${JSON.stringify(text, null, 2)}\n`;
}

/** Throws an Error that says what is wrong; the store adds where it stands and the code CHECKPOINT_UNREADABLE. */
export function decodeCheckpoint(content: string): Checkpoint {
  const root = fields(parse(content), 'checkpoint', ['format', 'savedAt', 'position', 'lastVersion'], ['epochs']);
  const savedAtMs = typeof root['savedAt'] === 'string' ? Date.parse(root['savedAt']) : NaN;
  if (Number.isNaN(savedAtMs)) throw new Error('savedAt is not a time');
  return {
    position: decodePosition(root['position']),
    lastVersion: count(root['lastVersion'], 'lastVersion'),
    epochs: Object.hasOwn(root, 'epochs') ? decodeEpochs(root['epochs']) : NO_EPOCHS,
    savedAtMs,
  };
}

function decodeEpochs(value: unknown): Epochs {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('epochs is not an object');
  const entries = Object.entries(value).map(([table, version]): [string, number] => {
    if (!/^[^]+\.[^]+$/.test(table)) throw new Error(`epochs has ${JSON.stringify(table)}, which is no database.table`);
    return [table, count(version, `the epoch of ${table}`)];
  });
  return new Map(entries);
}

function decodePosition(value: unknown): Position {
  const position = fields(value, 'position', ['flavour', 'serverUuid', 'coordinates', 'gtidSet'], ['log']);
  const coordinates = fields(position['coordinates'], 'coordinates', ['file', 'offset']);
  const { flavour, gtidSet } = position;
  if (flavour !== 'mysql' && flavour !== 'mariadb') throw new Error('flavour is neither mysql nor mariadb');
  if (gtidSet !== null && typeof gtidSet !== 'string') throw new Error('gtidSet is neither text nor null');
  return {
    flavour,
    serverUuid: word(position['serverUuid'], 'serverUuid'),
    coordinates: {
      // A first start by GTID set learns its file only when the stream begins.
      file: gtidSet === null ? word(coordinates['file'], 'file') : text(coordinates['file'], 'file'),
      offset: count(coordinates['offset'], 'offset'),
    },
    gtidSet,
    // Checkpoints of older daemons do not have it.
    ...(Object.hasOwn(position, 'log') ? { log: decodeLog(position['log']) } : {}),
  };
}

function decodeLog(value: unknown): LogIdentity {
  const log = fields(value, 'log', ['serverUuid', 'fileBeganMs']);
  return { serverUuid: word(log['serverUuid'], 'serverUuid'), fileBeganMs: count(log['fileBeganMs'], 'fileBeganMs') };
}

function parse(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(text.trim() === '' ? 'it is empty' : 'it is not JSON');
  }
  // Before anything else: another format may have other fields.
  const format = typeof value === 'object' && value !== null && 'format' in value ? value.format : undefined;
  if (format !== FORMAT) throw new Error(`its format is ${JSON.stringify(format) ?? 'not given'}, not ${FORMAT}`);
  return value;
}

/** An object with exactly these fields, and perhaps the optional ones. */
function fields(
  value: unknown,
  what: string,
  names: readonly string[],
  optional: readonly string[] = [],
): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new Error(`${what} is not an object`);
  const missing = names.find((name) => !Object.hasOwn(value, name));
  if (missing !== undefined) throw new Error(`${what} has no ${missing}`);
  const unknown = Object.keys(value).find((name) => !names.includes(name) && !optional.includes(name));
  if (unknown !== undefined) throw new Error(`${what} has an unknown field ${JSON.stringify(unknown)}`);
  return value as Record<string, unknown>;
}

function word(value: unknown, what: string): string {
  if (value === '') throw new Error(`${what} is not text`);
  return text(value, what);
}

function text(value: unknown, what: string): string {
  if (typeof value !== 'string') throw new Error(`${what} is not text`);
  return value;
}

function count(value: unknown, what: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw new Error(`${what} is not a number from 0`);
  return value as number;
}
