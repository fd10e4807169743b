/**
 * Everything a person may write into sluice.yaml, in one tree of strict objects: an option that is not here is
 * refused. docs/configuration.md, the JSON Schema for editors and the names of the environment variables are all
 * derived from it. What concerns several options at once stands in `cross-checks.ts`.
 */
import { z } from 'zod';
import { duration, flag, integer, nameText, note, text, token } from './fields.ts';
import { readSchema, sourceSchema } from './schema-servers.ts';
import { targetsSchema } from './schema-targets.ts';
import { deadLettersSchema } from './schema-dead-letters.ts';
import { leaseSchema } from './schema-lease.ts';
import { checkpointSchema, transportSchema } from './schema-transport.ts';

const RULES_HINT = 'give a rule file, a folder or a glob, or a list of them';

const applySchema = z
  .strictObject({
    version_ttl: duration(
      'How long the version of a refreshed or deleted key is kept in Redis. It must be longer than the longest possible redelivery, or an old record could bring an old value back.',
      '8d',
      '1m',
    ),
    flush_keys_per_second: integer(
      'How many keys of a target, of whatever name, a flush looks at per second, at most. Less is gentler to Redis and takes longer; a Redis that answers slowly is asked less by itself.',
      50_000,
      { min: 100, max: 10_000_000 },
    ),
    max_second_deletes: integer(
      'How many invalidations of a target may wait for their second delete (`again_after` of a rule), at most; about 500 bytes each. Beyond it no more are taken until some are done.',
      100_000,
      { min: 1, max: 10_000_000 },
    ),
    retry: z
      .strictObject({
        base: duration(
          'Longest wait before the first repetition; doubles with each one. Waits are random below it.',
          '100ms',
        ),
        max: duration('Longest wait between repetitions.', '30s'),
      })
      .prefault({})
      .describe('How a batch is repeated while a target does not answer. It is never given up.'),
  })
  .prefault({})
  .describe('How invalidations are applied to the targets.');

const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
const levelSchema = z.enum(LEVELS, { error: 'use debug, info, warn, error or silent' }).default('info');

export const configSchema = z
  .strictObject({
    name: note(
      nameText().default('sluice'),
      'Names this daemon. Checkpoint, server id, consumer groups and topic are derived from it, so two daemons on the same servers need two names.',
      { type: 'name', default: 'sluice' },
    ),
    rules: note(
      z.union([z.string().min(1, RULES_HINT), z.array(z.string().min(1, RULES_HINT)).min(1, RULES_HINT)], {
        error: RULES_HINT,
      }),
      'Rule file, folder of rule files, or glob such as rules/**/*.yaml; or a list of these.',
      { type: 'path or list of paths' },
    ),
    reload: z
      .strictObject({
        watch: flag(
          'Reload the rule files when their content changes. They are tested first; if anything is wrong, the old rules stay. SIGHUP and `POST /v1/rules/reload` work either way.',
          true,
        ),
      })
      .prefault({})
      .describe(
        'How changed rules take effect without a restart. This configuration itself is read at the start only.',
      ),
    source: sourceSchema,
    read: readSchema,
    targets: targetsSchema,
    transport: transportSchema,
    apply: applySchema,
    lease: leaseSchema,
    checkpoint: checkpointSchema,
    dead_letters: deadLettersSchema,
    audit: z
      .strictObject({ path: text('JSONL file that gets one line per applied invalidation.', 'path') })
      .optional()
      .describe('A record of everything applied (in-process transport; with Kafka the topic is that record).'),
    admin: z
      .strictObject({
        host: note(
          z.string().min(1).default('127.0.0.1'),
          'Address to listen on. Looking needs no login: keep it private.',
          {
            type: 'text',
            default: '127.0.0.1',
          },
        ),
        port: integer('Port to listen on; 0: any free port.', 8080, { min: 0, max: 65535 }),
        token: token(
          'What a request that changes something must carry: `Authorization: Bearer <token>`. Without it `POST /v1/rules/reload` is refused.',
        ),
      })
      .prefault({})
      .describe('HTTP server of `/livez`, `/readyz`, `/metrics` and `sluice tail`.'),
    log: z
      .strictObject({
        level: note(levelSchema, 'Least important level that is logged.', {
          type: '`debug`, `info`, `warn`, `error` or `silent`',
          default: 'info',
        }),
      })
      .prefault({})
      .describe('Log lines, JSON on standard error.'),
    shutdown: z
      .strictObject({
        drain_timeout: duration(
          'How long a stop waits for what is in flight. What is cut off is repeated after the next start.',
          '20s',
          '0ms',
        ),
      })
      .prefault({})
      .describe('What happens on SIGTERM and SIGINT.'),
  })
  .describe('Configuration of the Sluice daemon');

/** What was written, checked, with plain defaults filled in; `resolve.ts` makes a `Config` of it. */
export type WrittenConfig = z.output<typeof configSchema>;
