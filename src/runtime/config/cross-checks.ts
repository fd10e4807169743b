/**
 * What concerns several options at once. Each check sees only the sections that are right by themselves, so that one
 * mistake is reported once and the others are still found in the same run.
 */
import { formatDuration } from './units.ts';
import type { WrittenConfig } from './schema.ts';
import type { Path } from './path.ts';

export type Report = (path: Path, message: string, remedy: string, at?: 'value' | 'key') => void;

export function crossCheck(config: Partial<WrittenConfig>, written: unknown, report: Report): void {
  duplicateTargets(written, report);
  if (config.source !== undefined) addressOf('source', config.source, true, report);
  if (config.read !== undefined) addressOf('read', config.read, false, report);
  config.targets?.forEach((target, index) => {
    kindOf(index, target, report);
    loginOf(index, target, report);
  });
  versionTtl(config, written, report);
  for (const check of [retryOrder, checkpointStore, checkpointTls, deadLetters, audit]) check(config, report);
}

/** Looks at what was written, so that it also works beside a target that is wrong in another way. */
function duplicateTargets(written: unknown, report: Report): void {
  const targets = (written as { targets?: unknown } | null)?.targets;
  if (!Array.isArray(targets)) return;
  const names = targets.map((target) => (target as { name?: unknown } | null)?.name);
  names.forEach((name, index) => {
    const first = names.indexOf(name);
    if (typeof name !== 'string' || first === index) return;
    report(['targets', index, 'name'], `the name of \`targets[${first}]\` again`, 'Give every target its own name.');
  });
}

type MysqlSection = WrittenConfig['source'] | WrittenConfig['read'];

/** Each part of the address is given exactly once, in the URL or by itself. */
function addressOf(section: 'source' | 'read', value: MysqlSection, required: boolean, report: Report): void {
  const { url } = value;
  for (const part of ['host', 'port', 'user', 'password', 'database'] as const) {
    if (value[part] !== undefined && url?.[part] !== undefined && url[part] !== null) {
      report([section, part], `\`${section}.${part}\` also stands in \`${section}.url\``, 'Give it in one place only.');
    }
  }
  const named = url !== undefined || value.host !== undefined;
  const parts = [value.port, value.user, value.password, value.database, value.tls];
  const remedy = `Add it: ${section}.url: mysql://user:password@host:3306, or ${section}.host and ${section}.user.`;
  if (!named && (required || parts.some((part) => part !== undefined))) {
    report([section, 'url'], `\`${section}.url\` is missing`, remedy);
  }
  if (named && (url?.user ?? value.user) === undefined)
    report([section, 'user'], `\`${section}.user\` is missing`, remedy);
}

/** A server, a cluster or a master behind sentinels, and only one of them. */
function kindOf(index: number, target: WrittenConfig['targets'][number], report: Report): void {
  const given = (['url', 'cluster', 'sentinel'] as const).filter((kind) => target[kind] !== undefined);
  const [first, ...others] = given;
  if (first === undefined) {
    const remedy =
      'Add it: url: redis://host:6379/0; or name the `nodes` of a `cluster`, or `master` and `nodes` of a `sentinel`.';
    report(['targets', index, 'url'], `\`targets[${index}].url\` is missing`, remedy);
  }
  for (const kind of others) {
    report(
      ['targets', index, kind],
      `\`${kind}\` beside \`${first}\``,
      'A target is one server, a cluster, or a master behind sentinels: keep one, and make a target of its own of the other.',
      'key',
    );
  }
}

function loginOf(index: number, target: WrittenConfig['targets'][number], report: Report): void {
  for (const part of ['username', 'password'] as const) {
    if (target[part] === undefined || (target.url?.[part] ?? null) === null) continue;
    report(['targets', index, part], `\`${part}\` also stands in \`url\``, 'Give it in one place only.');
  }
}

/** Points at the one of the two that is written. */
function versionTtl({ apply, transport }: Partial<WrittenConfig>, written: unknown, report: Report): void {
  if (transport?.kind !== 'kafka' || apply === undefined || apply.version_ttl > transport.retention) return;
  const ttl = (written as { apply?: { version_ttl?: unknown } }).apply?.version_ttl;
  report(
    ttl === undefined ? ['transport', 'retention'] : ['apply', 'version_ttl'],
    `\`apply.version_ttl\`${ttl === undefined ? `, by default ${formatDuration(apply.version_ttl)},` : ''} must be longer than \`transport.retention\`: a record delivered again after the version is gone could bring an old value back`,
    'Lengthen `apply.version_ttl` or shorten `transport.retention`.',
  );
}

function retryOrder({ apply }: Partial<WrittenConfig>, report: Report): void {
  if (apply === undefined || apply.retry.base <= apply.retry.max) return;
  report(['apply', 'retry', 'base'], '`apply.retry.base` is longer than `apply.retry.max`', 'Correct one of them.');
}

function checkpointStore({ checkpoint, transport, targets }: Partial<WrittenConfig>, report: Report): void {
  const first = targets?.[0];
  if (checkpoint?.store === 'redis' && checkpoint.url === undefined && first !== undefined && first.url === undefined) {
    report(
      ['checkpoint', 'store'],
      '`checkpoint.store: redis` needs a single server, and the first target is none',
      'Set `checkpoint.url` to a single Redis server, or use store: file.',
    );
  }
  if (checkpoint?.store !== 'kafka' || transport === undefined || transport.kind === 'kafka') return;
  report(
    ['checkpoint', 'store'],
    '`checkpoint.store: kafka` needs the Kafka transport',
    'Use store: file or store: redis, or set transport.kind: kafka.',
  );
}

function checkpointTls({ checkpoint }: Partial<WrittenConfig>, report: Report): void {
  if (checkpoint?.store !== 'redis' || checkpoint.tls === undefined || checkpoint.url !== undefined) return;
  const message = '`checkpoint.tls` has no effect without `checkpoint.url`';
  report(
    ['checkpoint', 'tls'],
    message,
    'Give the URL too, or remove it: the first target has a `tls` of its own.',
    'key',
  );
}

function deadLetters({ dead_letters, transport }: Partial<WrittenConfig>, report: Report): void {
  if (dead_letters === undefined || transport === undefined) return;
  const [unused, other] = transport.kind === 'kafka' ? (['path', 'topic'] as const) : (['topic', 'path'] as const);
  if (dead_letters[unused] === undefined) return;
  const message = `\`dead_letters.${unused}\` has no effect with transport.kind: ${transport.kind ?? 'in_process'}`;
  report(['dead_letters', unused], message, `Use dead_letters.${other}, or remove it.`, 'key');
}

function audit({ audit, transport }: Partial<WrittenConfig>, report: Report): void {
  if (audit === undefined || transport?.kind !== 'kafka') return;
  report(
    ['audit', 'path'],
    '`audit.path` has no effect with transport.kind: kafka',
    'Remove it: the topic is the record.',
    'key',
  );
}
