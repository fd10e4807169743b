import type { ChangeOrigin, Invalidation } from '../model/invalidation.ts';
import type { JsonValue } from '../model/row-change.ts';
import type { Version } from '../model/version.ts';
import { SluiceError } from '../runtime/errors.ts';
import { TimeParser } from './iso-time.ts';
import { Fields, ShapeError, type JsonObject } from './json-shape.ts';
import { decodeRecord } from './record-decoder.ts';

type Image = Readonly<Record<string, JsonValue>> | null;

/** What could not be applied. Null stands for what was too large to be kept. */
export type LetterContent =
  | { readonly kind: 'record'; readonly invalidation: Invalidation; readonly truncated: boolean }
  | { readonly kind: 'raw'; readonly raw: string; readonly truncated: boolean }
  | {
      readonly kind: 'change';
      readonly rule: string;
      readonly version: Version;
      readonly origin: ChangeOrigin;
      readonly images: { readonly before: Image; readonly after: Image } | null;
    };

/** A dead letter as it is read back. */
export interface KeptLetter {
  readonly reason: string;
  readonly target: string | null;
  readonly place: string;
  readonly keptAtMs: number;
  readonly content: LetterContent;
}

const LETTER = new Set(['v', 'reason', 'target', 'place', 'kept_at', 'record', 'change', 'raw', 'truncated']);

/** Reads the text of one dead letter strictly. Throws DEAD_LETTER_UNREADABLE, which says what is wrong with it. */
export function decodeDeadLetter(text: string): KeptLetter {
  try {
    const fields = new Fields(parseJson(text), '', LETTER);
    if (fields.natural('v') !== 1) throw new ShapeError('its format version is not 1');
    return {
      reason: fields.text('reason'),
      target: fields.textOrNull('target'),
      place: fields.text('place'),
      keptAtMs: fields.time('kept_at', new TimeParser()),
      content: readContent(fields, fields.has('truncated') && fields.flag('truncated')),
    };
  } catch (error) {
    if (error instanceof ShapeError) throw new SluiceError('DEAD_LETTER_UNREADABLE', error.message);
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // The message of JSON.parse quotes the text, which holds row values.
    throw new ShapeError(`it is not JSON${error instanceof SyntaxError ? '' : ': it cannot be parsed'}`);
  }
}

function readContent(fields: Fields, truncated: boolean): LetterContent {
  const kinds = (['record', 'change', 'raw'] as const).filter((name) => fields.has(name));
  if (kinds.length !== 1) throw new ShapeError('it holds not exactly one of record, change and raw');
  const [kind] = kinds;
  if (kind === 'record') return { kind, invalidation: readRecord(fields.raw('record')), truncated };
  if (kind === 'change') return readChange(fields.raw('change'), truncated);
  return { kind: 'raw', raw: fields.text('raw'), truncated };
}

function readRecord(record: unknown): Invalidation {
  const { key, partition_key: partitionKey = key } = objectOf(record, 'record');
  const recordKey = typeof partitionKey === 'string' ? partitionKey : '';
  const item = decodeRecord({ key: Buffer.from(recordKey), value: Buffer.from(JSON.stringify(record)) }, '');
  if (item.kind === 'invalidation') return item.invalidation;
  throw new ShapeError(`record: ${item.reason}`);
}

/** The facts of a change are those of a record, so the record's own decoder reads them. */
function readChange(change: unknown, truncated: boolean): LetterContent {
  const { before, after, ...facts } = objectOf(change, 'change');
  const { rule, version, origin } = readRecord({ v: 1, key: 'change', action: 'delete', ...facts });
  if (truncated) return { kind: 'change', rule, version, origin, images: null };
  const images = new Fields({ before, after }, 'change', new Set(['before', 'after']));
  return {
    kind: 'change',
    rule,
    version,
    origin,
    images: { before: image(images, 'before'), after: image(images, 'after') },
  };
}

function image(images: Fields, name: 'before' | 'after'): Image {
  return images.raw(name) === null ? null : images.columns(name);
}

function objectOf(value: unknown, name: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ShapeError(`${name} is not a JSON object`);
  return value as JsonObject;
}
