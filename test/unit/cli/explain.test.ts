import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { registerExplain } from '../../../src/cli/explain.ts';
import { folderWith, runCommand } from '../../support/command-line.ts';

const RULES = `
rules:
  - {name: product, table: shop.products, keys: ['product:{id}'], action: delete}
  - {name: lists, table: shop.products, columns: [category_id], keys: ['list:{category_id}'], partition_key: '{id}', action: delete}
  - {name: card, table: shop.products, keys: ['card:{id}'], action: {refresh: {row: [id, name]}}}
  - {name: user, table: shop.users, keys: ['user:{id}'], action: delete}
`;
const CONFIG =
  "rules: r.yaml\nsource: {url: 'mysql://u:p@127.0.0.1:1'}\ntargets: [{name: main, url: 'redis://127.0.0.1:1'}]\n";
const MOVED = '{table: shop.products, update: {before: {id: 7, category_id: 5, name: a}, after: {category_id: 6}}}';
const RENAMED = '{table: shop.products, update: {before: {id: 7, category_id: 5, name: a}, after: {name: b}}}';

function explain(change: string, ...args: string[]): ReturnType<typeof runCommand> {
  const folder = folderWith({ 'r.yaml': RULES });
  return runCommand(registerExplain, 'explain', '--rules', join(folder, 'r.yaml'), '--change', change, ...args);
}

describe('sluice explain --change', () => {
  it('says of every rule about the table what it does or why it does nothing, without any server', async () => {
    const { code, stdout } = await explain(RENAMED);
    expect(stdout.split('\n')).toEqual([
      'update shop.products  written:4  2026-01-01T00:00:00.000Z',
      '  product  delete  product:7  (`name` changed)',
      '  lists    nothing: none of its columns changed: category_id',
      '  card     refresh card:7  (`name` changed)',
      '',
      '1 change in 1 transaction: 2 invalidations (1 delete, 1 refresh)',
    ]);
    expect(code).toBe(0);
  });

  it('names the partitions when a configuration tells their number, and never connects', async () => {
    const folder = folderWith({ 'r.yaml': RULES, 'sluice.yaml': CONFIG });
    const { stdout } = await runCommand(
      registerExplain,
      'explain',
      '--config',
      join(folder, 'sluice.yaml'),
      '--change',
      MOVED,
    );
    expect(stdout).toMatch(/delete {2}list:5 {2}partition key 7 {2}partition \d+ {2}\(`category_id` changed\)/);
  });

  it('shows the primary key always, and rows when it is asked', async () => {
    const change = `{tables: {shop.products: {columns: {id: int, category_id: int, name: text}, primary_key: [id]}}, change: ${RENAMED}}`;
    const hidden = await explain(change);
    expect(hidden.stdout).toContain('update shop.products id=7');
    expect(hidden.stdout).not.toContain('name=');
    const shown = await explain(change, '--values');
    expect(shown.stdout).toContain('  before  id=7 category_id=5 name=a\n  after   id=7 category_id=5 name=b');
    expect(shown.stdout).toContain('refresh card:7  id=7 name=b');
  });

  it('prints one JSON object per change', async () => {
    const { stdout, stderr } = await explain(MOVED, '--json');
    expect(JSON.parse(stdout)).toEqual({
      database: 'shop',
      table: 'products',
      op: 'update',
      primary_key: null,
      gtid: null,
      binlog: { file: 'written', offset: 4 },
      commit_time: '2026-01-01T00:00:00.000Z',
      version: 1,
      rules: [
        {
          rule: 'product',
          verdict: 'matched',
          reason: '`category_id` changed',
          invalidations: [
            {
              key: 'product:7',
              action: 'delete',
              version: 1,
              rule: 'product',
              partition_key: 'product:7',
              partition: null,
              versioned: false,
            },
          ],
        },
        {
          rule: 'lists',
          verdict: 'matched',
          reason: '`category_id` changed',
          invalidations: ['list:5', 'list:6'].map((key) => ({
            ...{
              key,
              action: 'delete',
              version: 1,
              rule: 'lists',
              partition_key: '7',
              partition: null,
              versioned: false,
            },
          })),
        },
        {
          rule: 'card',
          verdict: 'matched',
          reason: '`category_id` changed',
          invalidations: [
            {
              key: 'card:7',
              action: 'refresh',
              version: 1,
              rule: 'card',
              partition_key: 'card:7',
              partition: null,
              row: { state: 'present' },
            },
          ],
        },
      ],
      other_rules: 1,
    });
    expect(stderr).toBe('1 change in 1 transaction: 4 invalidations (3 delete, 1 refresh)');
  });

  it.each([
    ['--rule', 'lists', ['list:5', 'list:6']],
    ['--key', 'list:*', ['list:5', 'list:6']],
    ['--table', 'prod*', ['product:7', 'list:5', 'list:6', 'card:7']],
    ['--table', 'shop.products', ['product:7', 'list:5', 'list:6', 'card:7']],
    ['--table', 'users', []],
  ])('shows with %s %s only what was asked for', async (flag, value, keys) => {
    const { stdout } = await explain(MOVED, '--json', flag, value);
    const all = stdout === '' ? [] : (JSON.parse(stdout) as { rules: { invalidations: { key: string }[] }[] }).rules;
    expect(all.flatMap(({ invalidations }) => invalidations.map(({ key }) => key))).toEqual(keys);
  });

  it('counts changes of tables that no rule is about, and shows them when asked', async () => {
    const change = '{table: shop.other, insert: {id: 1}}';
    expect((await explain(change)).stdout).toBe(
      '1 change in 1 transaction: 0 invalidations; 1 change of tables that no rule is about',
    );
    expect((await explain(change, '--show-unmatched')).stdout).toContain('insert shop.other');
  });

  it('takes columns that rules name and the change leaves out as NULL, and says so', async () => {
    const { code, stdout, stderr } = await explain('{table: shop.products, insert: {id: 7, category_id: 5}}');
    expect(stdout.split('\n').slice(1)).toEqual([
      '  product  delete  product:7  (a row was inserted)',
      '  lists    delete  list:5  partition key 7  (a row was inserted)',
      '  card     refresh card:7  (a row was inserted)',
      '',
      '1 change in 1 transaction: 3 invalidations (2 delete, 1 refresh)',
    ]);
    expect(stderr).toBe('note: `name` of shop.products is not written: taken as NULL');
    expect(code).toBe(0);
  });

  it('adds nothing to a table that is declared', async () => {
    const { stdout, stderr } = await explain(
      '{tables: {shop.products: {columns: {id: int, category_id: int}}}, change: {table: shop.products, insert: {id: 7}}}',
    );
    expect(stdout).toContain('RULE_COLUMN_MISSING');
    expect(stderr).toBe('');
  });

  it('says that a refresh finds its row gone', async () => {
    const gone = '{table: shop.products, delete: {id: 7, category_id: 5, name: a}}';
    expect((await explain(gone)).stdout).toContain('refresh card:7  row gone  (a row was deleted)');
    const { stdout } = await explain(gone, '--json', '--rule', 'card');
    expect(JSON.parse(stdout)).toMatchObject({ rules: [{ invalidations: [{ row: { state: 'gone' } }] }] });
  });

  it('shows dead letters whatever key is asked for', async () => {
    const tables = '{shop.products: {columns: {id: int, category_id: int}}}';
    const change = `{tables: ${tables}, change: {table: shop.products, insert: {id: 7}}}`;
    const { stdout } = await explain(change, '--key', 'product:7');
    expect(stdout).toContain('product:7');
    expect(stdout).toContain('card     dead letter: RULE_COLUMN_MISSING');
    expect(stdout).not.toContain('lists');
  });

  it('collects repeated --rules', async () => {
    const more = RULES.replaceAll('name: ', 'name: more-').replaceAll("keys: ['", "keys: ['more-");
    const folder = folderWith({ 'more.yaml': more });
    const { stdout } = await explain(MOVED, '--rules', join(folder, 'more.yaml'));
    expect(stdout).toContain('delete  product:7');
    expect(stdout).toContain('delete  more-product:7');
  });

  it('reads the change of a file', async () => {
    const folder = folderWith({ 'change.yaml': MOVED });
    expect((await explain(`@${join(folder, 'change.yaml')}`)).stdout).toContain('list:6');
    expect(await explain('@nowhere')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('nowhere: the change cannot be read') as string,
    });
  });

  it('never lets a value of a row command the terminal', async () => {
    const tables = '{shop.users: {columns: {id: text, more: text}, primary_key: [id]}}';
    const row = String.raw`{id: "\x1b[2J", more: "\x1b[3J"}`;
    const { stdout } = await explain(`{tables: ${tables}, change: {table: shop.users, insert: ${row}}}`, '--values');
    expect(stdout).toContain(String.raw`user:\x1b[2J`);
    expect(stdout).toContain(String.raw`more=\x1b[3J`);
    expect(stdout).not.toContain('\u001b');
  });

  it.each([
    ['nothing is to be explained', [], 'Give one of --change, --last, --from and --gtid.'],
    ['a change and history are', ['--change', MOVED, '--last', '1'], 'Give one of --change'],
    [
      'the change is wrong',
      ['--rules', 'config/rules.example.yaml', '--change', '{table: x}'],
      '--change:1:1: the document: needs exactly one of insert',
    ],
    [
      'the table is',
      ['--rules', 'config/rules.example.yaml', '--change', '{table: x, drop: true}'],
      '--change:1:9: `table`: `x` is no table',
    ],
    ['the rules are', ['--rules', 'nowhere.yaml', '--change', MOVED], 'nowhere.yaml: cannot read the rules'],
    ['--last is no number', ['--last', 'x'], 'Use a number such as 10.'],
    ['--gtid is no GTID set', ['--gtid', 'x'], 'Use a GTID set such as'],
    ['one of the GTIDs is none', ['--gtid', '0-1-42,x'], 'Use a GTID set such as'],
    [
      '--to lies before --from',
      ['--from', 'b.000007:9', '--to', 'b.000007:8'],
      'b.000007:8 lies before --from b.000007:9',
    ],
    ['its file does', ['--from', 'b.000010:4', '--to', 'b.000009:8'], 'b.000009:8 lies before --from b.000010:4'],
    [
      'no rule has the name',
      ['--rules', 'config/rules.example.yaml', '--change', '{table: x.y, drop: true}', '--rule', 'nowhere'],
      'there is no rule `nowhere`',
    ],
  ])('ends with 2 when %s', async (_title, args, message) => {
    const { code, stdout, stderr } = await runCommand(registerExplain, 'explain', ...args);
    expect(stderr).toContain(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});

describe('a lookup of sluice explain --change', () => {
  const LINE = `rules:
  - name: line
    table: shop.lines
    lookup: {query: SELECT customer_id FROM orders WHERE id = :order_id, tables: [shop.orders]}
    keys: ['customer:{lookup.customer_id}']
    action: delete
`;
  const INSERT = '{table: shop.lines, insert: {id: 1, order_id: 10}}';

  function explainLine(change: string): ReturnType<typeof runCommand> {
    const rules = join(folderWith({ 'r.yaml': LINE }), 'r.yaml');
    return runCommand(registerExplain, 'explain', '--rules', rules, '--change', change);
  }

  it('is answered by what is written beside the change', async () => {
    const lookups = '{line: [{parameters: {order_id: 10}, rows: [{customer_id: 3}]}]}';
    expect((await explainLine(`{change: ${INSERT}, lookups: ${lookups}}`)).stdout).toContain('delete  customer:3');
  });

  it.each([
    ['nothing', INSERT],
    ['something else', `{change: ${INSERT}, lookups: {line: [{parameters: {order_id: 9}, rows: []}]}}`],
  ])('needs an answer when %s is written', async (_title, change) => {
    const { code, stdout, stderr } = await explainLine(change);
    expect(stderr).toContain('the lookup of rule `line` needs an answer');
    expect(stderr).toContain('{change: …, lookups: {line: [{parameters: {order_id: 10}, rows: [{…}]}]}}');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('is refused inside the change, with the form that holds it', async () => {
    const { code, stderr } = await explainLine('{table: shop.lines, insert: {id: 1, order_id: 10}, lookups: {}}');
    expect(stderr).toContain('`lookups` stands beside the change and not in it');
    expect(stderr).toContain('{change: {table: …}, lookups: {…}}');
    expect(code).toBe(2);
  });
});

describe('sluice explain --against', () => {
  it('prints exactly what the other rules do otherwise', async () => {
    const other = RULES.replace("keys: ['product:{id}']", "keys: ['p:{id}']").replace("partition_key: '{id}', ", '');
    const folder = folderWith({ 'n.yaml': other });
    const { stdout } = await explain(MOVED, '--against', join(folder, 'n.yaml'));
    expect(stdout.split('\n')).toEqual([
      'update shop.products  written:4  2026-01-01T00:00:00.000Z',
      '  - delete  product:7  rule product',
      '  + delete  p:7  rule product',
      '  ~ list:5  not the same: partition_key',
      '    - delete  list:5  partition key 7  rule lists',
      '    + delete  list:5  rule lists',
      '  ~ list:6  not the same: partition_key',
      '    - delete  list:6  partition key 7  rule lists',
      '    + delete  list:6  rule lists',
      '',
      '1 change in 1 transaction: 1 change with a difference: 1 added, 1 removed, 2 changed',
    ]);
    const json = await explain(MOVED, '--against', join(folder, 'n.yaml'), '--json', '--key', 'p*');
    expect(JSON.parse(json.stdout)).toMatchObject({
      added: [{ key: 'p:7' }],
      removed: [{ key: 'product:7' }],
      changed: [],
    });
  });

  it('says so when there is no difference', async () => {
    const folder = folderWith({ 'n.yaml': RULES });
    expect((await explain(MOVED, '--against', join(folder, 'n.yaml'))).stdout).toBe(
      '1 change in 1 transaction: no difference',
    );
  });
});
