import { expect, it } from 'vitest';
import { Shop, type SqlServer } from '../support/shop-fixture.ts';

const SERVERS: SqlServer[] = ['mysql', 'mariadb'];

it.each(SERVERS)(
  'sluice check --live warns of what works and is not meant, with exit code 0, on %s',
  async (server) => {
    const shop = await Shop.open({ server });
    await shop.mysql.query(`ALTER TABLE ${shop.table} ADD slug VARCHAR(60), DROP PRIMARY KEY`);
    shop.write(
      'rules.yaml',
      `rules:
  - name: by-slug
    table: ${shop.table}
    keys: ['${shop.prefix}slug:{slug}']
    action: delete
  - name: names
    table: ${shop.table}
    keys: ['${shop.prefix}slug:{name | lower}', 'n{id}']
    action: {refresh: {row: true}}
`,
    );
    const check = shop.start('check', '--live');
    expect(await check.exited).toEqual({ code: 0, signal: null });
    expect(check.stdout).toContain('ok: ');
    const warnings = check.stderr.split('\n').filter((line) => line.startsWith('warning: '));
    for (const line of warnings) expect(line).toMatch(/^warning: \S*rules\.yaml:\d+:\d+: /);
    expect(warnings.map((line) => /rules\.yaml:(\d+):\d+: (.*)/.exec(line)?.slice(1)).sort()).toEqual([
      ['3', `rule \`by-slug\`: there is no primary key in ${shop.table}`],
      ['4', expect.stringContaining('`slug` is compared without case')],
      ['4', expect.stringContaining('`slug` may be NULL')],
      ['7', `rule \`names\`: there is no primary key in ${shop.table}`],
      ['8', expect.stringContaining('rule `names` refreshes keys that rule `by-slug` deletes')],
      ['8', expect.stringContaining('a flush of `n*`')],
    ]);
    expect(check.stderr).toContain('    remedy: Write `{slug | lower}`');
    // Without servers only what the file itself tells.
    const alone = shop.start('check');
    expect(await alone.exited).toEqual({ code: 0, signal: null });
    expect(alone.stderr.match(/^warning: /gm)).toHaveLength(2);
  },
);

it.each(SERVERS)('sluice check --live refuses what can never work, at its place, on %s', async (server) => {
  const shop = await Shop.open({ server });
  await shop.mysql.query(`ALTER TABLE ${shop.table} ADD body TEXT NOT NULL`);
  shop.write(
    'rules.yaml',
    `rules:
  - name: a
    table: ${shop.table}
    when: after.stok > 0
    lookup:
      query: SELECT category_id AS c, id AS c FROM products WHERE id = :id
      tables: [${shop.table}, ${shop.database}.prodcts]
    keys: ['${shop.prefix}a:{lookup.c}', '${shop.prefix}b:{body}', '${shop.prefix}c:{stock | date("%Y")}']
    action: delete
  - name: b
    table: ${shop.table}
    lookup:
      query: SELECT category_id FROM products WHERE id = :id
      tables: [${shop.table}]
    keys: ['${shop.prefix}d:{lookup.category}']
    action: delete
`,
  );
  const check = shop.start('check', '--live');
  expect(await check.exited).toEqual({ code: 2, signal: null });
  // What servers are only warned of is told beside what is refused.
  expect(check.stderr).toMatch(/^warning: .*`body` is compared without case/m);
  for (const [line, message] of [
    [4, 'there is no column `stok`'],
    [6, "Duplicate column name 'c'"],
    [7, 'no table matches'],
    [8, 'a key of `body` could be of any length: it is text'],
    [8, '`date` reads a DATE'],
    [13, 'the lookup finds no column `category`'],
  ] as const) {
    const places = check.stderr.split('\n').filter((each) => each.includes(message));
    expect(places, message).toHaveLength(1);
    expect(places[0]).toContain(`rules.yaml:${line}:`);
  }
});

it('a system-versioned table is refused for a refresh from the row: by the check, and by each start', async () => {
  const shop = await Shop.open({ server: 'mariadb' });
  await shop.mysql.query(`ALTER TABLE ${shop.table} ADD SYSTEM VERSIONING`);
  const rule = (action: string): string =>
    `rules:\n  - name: a\n    table: ${shop.table}\n    keys: ['${shop.prefix}a:{id}']\n    action: ${action}\n`;
  shop.write('rules.yaml', rule('{refresh: {row: true}}'));
  for (const start of [() => shop.start('check', '--live'), () => shop.start('run')]) {
    const refused = start();
    expect(await refused.exited).toEqual({ code: 2, signal: null });
    expect(refused.stderr).toContain(`rules.yaml:2:`);
    expect(refused.stderr).toContain(`${shop.table} is system-versioned`);
  }
  shop.write('rules.yaml', rule('delete'));
  expect(await shop.start('check', '--live').exited).toEqual({ code: 0, signal: null });
});
