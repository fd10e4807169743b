/**
 * The kinds of value an option can have. Each builder takes the option's description, so no option exists without
 * one, and notes what docs/configuration.md says about it. No message repeats a value: it may be an expanded secret.
 */
import { z } from 'zod';
import { parseMysqlUrl, parseRedisNode, parseRedisUrl } from './addresses.ts';
import type { IssueHint } from './schema-problems.ts';
import { DURATION_HINT, SIZE_HINT, parseDuration, parseSize } from './units.ts';

export interface OptionNote {
  /** Type and unit in words. */
  readonly type: string;
  /** The default as it would be written; absent: required, unless `optional`. */
  readonly default?: string;
}

/** What the documentation says beyond the description; kept beside the schema, never in it. */
export const optionNotes = z.registry<OptionNote>();

/** `default` is given here when it is not the schema's own: computed from other options, or "none". */
export function note<S extends z.ZodType>(schema: S, description: string, facts: OptionNote): S {
  const described = schema.describe(description);
  optionNotes.add(described, facts);
  return described;
}

/** `min` is the shortest duration that makes sense, as it would be written. */
export function duration(description: string, fallback: string, min = '1ms') {
  // A bare number is read too, only to be refused with the right words: it has no unit.
  const schema = z.union([z.string(), z.number()]).transform((value, context) => {
    const ms = parseDuration(String(value));
    if (ms !== undefined && ms >= (parseDuration(min) ?? 0)) return ms;
    return refuse(context, ms === undefined ? 'not a duration' : `must be at least ${min}`, DURATION_HINT);
  });
  return note(schema.prefault(fallback), description, { type: 'duration', default: fallback });
}

function refuse(context: z.core.$RefinementCtx, message: string, hint: string): never {
  const remedy = `${hint.charAt(0).toUpperCase()}${hint.slice(1)}.`;
  context.addIssue({ code: 'custom', message, params: { remedy } satisfies IssueHint });
  return z.NEVER;
}

export function size(description: string, fallback: string, min: string) {
  const schema = z.union([z.string(), z.number()]).transform((value, context) => {
    const bytes = parseSize(value);
    if (bytes !== undefined && bytes >= (parseSize(min) ?? 0)) return bytes;
    return refuse(context, bytes === undefined ? 'not a size' : `must be at least ${min}`, SIZE_HINT);
  });
  return note(schema.prefault(fallback), description, { type: 'size', default: fallback });
}

function wholeNumber(min: number, max: number) {
  const hint = `use a whole number from ${min} to ${max}`;
  return z.int({ error: hint }).min(min, hint).max(max, hint);
}

export function integer(description: string, fallback: number, { min, max }: { min: number; max: number }) {
  const type = `integer, ${min} to ${max}`;
  return note(wholeNumber(min, max).default(fallback), description, { type, default: String(fallback) });
}

export function optionalInteger(description: string, bounds: { min: number; max: number; default: string }) {
  const type = `integer, ${bounds.min} to ${bounds.max}`;
  return note(wholeNumber(bounds.min, bounds.max).optional(), description, { type, default: bounds.default });
}

export function requiredInteger(description: string, { min, max }: { min: number; max: number }) {
  return note(wholeNumber(min, max), description, { type: `integer, ${min} to ${max}` });
}

export function flag(description: string, fallback: boolean) {
  const schema = z.boolean({ error: 'use true or false' }).default(fallback);
  return note(schema, description, { type: 'true or false', default: String(fallback) });
}

const filled = () => z.string({ error: 'use text' }).min(1, 'must not be empty');

export function text(description: string, type = 'text') {
  return note(filled(), description, { type });
}

/** `fallback` describes the default; the value itself stays undefined until `resolve.ts` computes it. */
export function optionalText(description: string, fallback: string, type = 'text') {
  return note(filled().optional(), description, { type, default: fallback });
}

/** A password: unlike other text it may be empty. */
export function secret(description: string) {
  return note(z.string({ error: 'use text' }).optional(), description, { type: 'text, secret', default: 'none' });
}

/** Not a word that is guessed in an afternoon: what a header can carry, and enough of it. */
const TOKEN_HINT = 'use at least 16 characters, none of them a space: `openssl rand -hex 24` makes one';

export function token(description: string) {
  const schema = z.string({ error: TOKEN_HINT }).regex(/^[\x21-\x7e]{16,}$/, TOKEN_HINT);
  return note(schema.optional(), description, { type: 'text, secret', default: 'none' });
}

export function path(description: string, fallback?: string) {
  const facts = { type: 'path', ...(fallback === undefined ? {} : { default: fallback }) };
  return note(filled().optional(), description, facts);
}

/** What may become part of a topic, a consumer group and a Redis key. */
const NAME = /^[a-z0-9][a-z0-9._-]{0,99}$/;
export const NAME_HINT = 'use a-z, 0-9, dot, underscore and hyphen, at most 100 characters, a letter or digit first';
export const nameText = () => z.string({ error: NAME_HINT }).regex(NAME, NAME_HINT);

/** Kafka's own limits for a topic or group name. */
export function kafkaName(description: string, fallback: string) {
  const hint = 'use letters, digits, dot, underscore and hyphen, at most 249 characters';
  const schema = z.string({ error: hint }).regex(/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/, hint);
  return note(schema.optional(), description, { type: 'text', default: fallback });
}

export const mysqlUrl = () => url(parseMysqlUrl, 'use mysql://user:password@host:3306/database');
export const redisUrl = () => url(parseRedisUrl, 'use redis://host:6379/0, or rediss:// for TLS');
export const redisNode = (port: number) =>
  url((text) => parseRedisNode(text, port), `use host:${port}, or rediss://host:${port} for TLS`);

/** At least one node; what each may be is `node`. */
export function requiredNodes<T extends z.ZodType>(node: T, description: string) {
  const error = 'give a list of nodes, each host:port';
  return note(z.array(node, { error }).min(1, 'at least one node is needed'), description, { type: 'list' });
}

function url<T>(parse: (text: string) => T | string, hint: string) {
  return z.string().transform((value, context) => {
    const parsed = parse(value);
    return typeof parsed === 'string' ? refuse(context, parsed, hint) : parsed;
  });
}
