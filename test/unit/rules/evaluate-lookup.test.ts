import { describe, expect, it, vi } from 'vitest';
import type { Row, RowChange } from '../../../src/model/row-change.ts';
import { MAX_LOOKUP_ROWS } from '../../../src/model/lookup.ts';
import { SluiceError } from '../../../src/runtime/errors.ts';
import { brief, makeTableChange, makeTransaction, TestEvaluator } from '../../support/evaluation.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { MemoryRowLookup } from '../../support/memory-lookup.ts';
import { makeChange, makeTable } from '../../support/tables.ts';

const LINES = makeTable('shop', 'lines', ['id', 'order_id', 'note'], { primaryKey: ['id'] });
const ORDERS = makeTable('shop', 'orders', ['id', 'customer_id'], { primaryKey: ['id'] });

const rules = (options = '', lookup = ''): string => `rules:
  - name: line
    table: shop.lines
    keys: ['customer:{lookup.customer_id}:orders', 'line:{id}']
    lookup: {query: SELECT customer_id FROM orders WHERE id = :order_id, tables: [shop.orders]${lookup}}
    action: delete
    ${options}
  - {name: order, table: shop.orders, keys: ['order:{id}'], action: delete}
`;

/** Order n belongs to customer n0. */
const toCustomer = ([order]: readonly unknown[]) => [{ customer_id: `${String(order)}0` }];

function setup(text = rules(), answer: ConstructorParameters<typeof MemoryRowLookup>[0] = toCustomer) {
  const lookup = new MemoryRowLookup(answer);
  const clock = new FakeClock();
  const evaluator = new TestEvaluator(text, { lookup, clock });
  const wait = async (...changes: readonly RowChange[]): Promise<string[]> =>
    (await evaluator.wait(changes)).invalidations.map(brief);
  return { lookup, clock, evaluator, wait };
}

const row = (id: number, order: number | null, note = ''): Row => ({ id, order_id: order, note });
const insert = (id: number, order: number | null, gtid = 'g'): RowChange => ({
  ...makeChange(LINES, null, row(id, order), id),
  transaction: makeTransaction(gtid),
});
const moveOrder = (id: number, gtid = 'move'): RowChange => ({
  ...makeChange(ORDERS, { id, customer_id: 1 }, { id, customer_id: 2 }),
  transaction: makeTransaction(gtid),
});
const unavailable = new SluiceError('READ_UNAVAILABLE', 'away');
const refused = new SluiceError('READ_REFUSED', 'no such column');

describe('a lookup', () => {
  it('gives columns to the keys of the row, where the row stands among the others', async () => {
    const { wait } = setup();
    expect(await wait(moveOrder(9), insert(1, 5), moveOrder(8))).toEqual([
      ...['delete order:9', 'delete customer:50:orders', 'delete line:1', 'delete order:8'],
    ]);
  });

  it('is read once for each rule and database of a batch, with each list of parameters once', async () => {
    const { wait, lookup } = setup();
    await wait(insert(1, 5), insert(2, 6), insert(3, 5));
    expect(lookup.requests).toMatchObject([
      { sql: 'SELECT customer_id FROM orders WHERE id = ?', database: 'shop', parameters: [[5], [6]], timeoutMs: 5000 },
    ]);
  });

  it('is asked for both images, once if they ask the same', async () => {
    const { wait, lookup, evaluator } = setup();
    expect(await wait(makeChange(LINES, row(1, 5), row(1, 6)))).toEqual([
      ...['delete customer:50:orders', 'delete customer:60:orders', 'delete line:1'],
    ]);
    expect(await wait(makeChange(LINES, row(1, 7), row(1, 7, 'x')))).toEqual([
      ...['delete customer:70:orders', 'delete line:1'],
    ]);
    expect(lookup.asked).toEqual([['5', '6'], ['7']]);
    // One that both images ask is one, not an answer that was remembered.
    expect(evaluator.metrics.of('sluice_lookups_total')).toEqual({ 'sluice_lookups_total line read': 3 });
  });

  it('of several rows gives several keys, of none gives none; other templates are as ever', async () => {
    const { wait } = setup(rules(), ([order]) =>
      order === 1 ? [{ customer_id: '7' }, { customer_id: '8' }, { customer_id: '7' }] : [],
    );
    expect(await wait(insert(1, 1), insert(2, 2))).toEqual([
      ...['delete customer:7:orders', 'delete customer:8:orders', 'delete line:1', 'delete line:2'],
    ]);
  });

  it('that finds NULL is a NULL in the key', async () => {
    const { wait, evaluator } = setup(rules(), () => [{ customer_id: null }]);
    expect(await wait(insert(1, 1))).toEqual(['delete line:1']);
    expect(evaluator.metrics.of('sluice_null_keys_total')).toEqual({ 'sluice_null_keys_total line': 1 });
  });

  it('that finds NULL is counted once for an update that asks the same for both images', async () => {
    const { wait, evaluator } = setup(rules(), () => [{ customer_id: null }]);
    await wait(makeChange(LINES, row(1, 7), row(2, 7)));
    expect(evaluator.metrics.of('sluice_null_keys_total')).toEqual({ 'sluice_null_keys_total line': 1 });
  });

  it('can give the partition key', async () => {
    const { evaluator } = setup(rules(`partition_key: 'c{lookup.customer_id}'`));
    const { invalidations } = await evaluator.wait([insert(1, 5)]);
    expect(invalidations.map(({ partitionKey }) => partitionKey)).toEqual(['c50', 'c50']);
  });

  it('is not asked for rows that do not count, nor for those that are collapsed', async () => {
    const { wait, lookup } = setup(rules('when: after.id != "1"\n    flush_above_rows: 1'));
    const transaction = makeTransaction();
    const found = await wait(...[insert(1, 1), insert(2, 2), insert(3, 3)].map((each) => ({ ...each, transaction })));
    expect(lookup.asked).toEqual([['2']]);
    expect(found).toEqual([
      ...['delete customer:20:orders', 'delete line:2'],
      ...['flush customer:*:orders large_transaction *', 'flush line:* large_transaction *'],
    ]);
  });

  it('makes an update count whose parameter changed, whatever `columns` says', async () => {
    const { wait } = setup(rules('columns: [note]'));
    expect(await wait(makeChange(LINES, row(1, 5), row(1, 6)))).toHaveLength(3);
  });

  it('counts its rows toward `max_keys`', async () => {
    const { evaluator } = setup(rules('max_keys: 2'), () => [{ customer_id: '1' }, { customer_id: '2' }]);
    const { invalidations, letters } = await evaluator.wait([insert(1, 5)]);
    expect(invalidations).toEqual([]);
    expect(letters[0]?.reason).toContain('RULE_TOO_MANY_KEYS: ');
  });

  it('that finds more rows than are read makes a dead letter, even if their keys were few', async () => {
    const many = Array.from({ length: MAX_LOOKUP_ROWS + 1 }, () => ({ customer_id: '1' }));
    const { evaluator } = setup(rules(), () => many);
    const { letters } = await evaluator.wait([insert(1, 5)]);
    expect(letters[0]?.reason).toContain(`RULE_TOO_MANY_KEYS: rule \`line\`: its lookup finds more than`);
  });
});

describe('an answer that is remembered', () => {
  it('needs no promise', async () => {
    const { wait, evaluator, lookup } = setup();
    await wait(insert(1, 5));
    expect(evaluator.keys([insert(2, 5)])).toEqual(['delete customer:50:orders', 'delete line:2']);
    expect(lookup.requests).toHaveLength(1);
    expect(evaluator.metrics.of('sluice_lookups_total')).toEqual({
      'sluice_lookups_total line read': 1,
      'sluice_lookups_total line cached': 1,
    });
  });

  it('is forgotten when a row of one of its tables changes, even later in the same batch', async () => {
    const { wait, lookup } = setup();
    await wait(insert(1, 5));
    lookup.change(() => [{ customer_id: 'new' }]);
    expect(await wait(insert(2, 5), moveOrder(5))).toContain('delete customer:new:orders');
    await wait(moveOrder(5));
    lookup.change(() => [{ customer_id: 'newer' }]);
    expect(await wait(insert(3, 5))).toContain('delete customer:newer:orders');
  });

  it.each([
    ['of the table', 'shop', 'orders'],
    ['of the database', 'shop', null],
    ['whose database cannot be read', null, null],
  ])('is forgotten at a table change %s', async (_, database, table) => {
    const { wait, lookup, evaluator } = setup();
    await wait(insert(1, 5));
    evaluator.run([makeTableChange('truncate', 'shop', 'lines')]);
    expect(evaluator.keys([insert(1, 5)])).toHaveLength(2);
    evaluator.run([{ ...makeTableChange('truncate', 'shop', table), database }]);
    await wait(insert(1, 5));
    expect(lookup.requests).toHaveLength(2);
  });

  it('is as new as the newest transaction of the batch that has a row of the rule or makes answers forgotten', async () => {
    const { wait, lookup } = setup();
    const other = { ...makeChange(makeTable('shop', 'x', ['id']), null, { id: 1 }), transaction: makeTransaction('x') };
    await wait(insert(1, 5, 'a'), insert(2, 6, 'b'), other);
    await wait(insert(1, 7, 'c'), moveOrder(7, 'd'), other);
    expect(lookup.requests.map(({ gtid }) => gtid)).toEqual(['b', 'd']);
  });

  it('is one of at most as many as the rule allows; the batch at hand has all of them', async () => {
    const { wait, lookup } = setup(rules('', ', cache: 2'));
    expect(await wait(insert(1, 1), insert(2, 2), insert(3, 3))).toHaveLength(6);
    await wait(insert(3, 3), insert(2, 2), insert(1, 1));
    expect(lookup.asked).toEqual([['1', '2', '3'], ['1']]);
  });

  it('is none where the rule wants none', async () => {
    const { wait, lookup } = setup(rules('', ', cache: 0'));
    await wait(insert(1, 1), insert(2, 1));
    await wait(insert(3, 1));
    expect(lookup.asked).toEqual([['1'], ['1']]);
  });

  it('does not hold more rows than answers may be remembered', async () => {
    const { wait, lookup } = setup(rules('', ', cache: 2'), () => [1, 2, 3].map((id) => ({ customer_id: String(id) })));
    await wait(insert(1, 1));
    await wait(insert(1, 1));
    expect(lookup.requests).toHaveLength(2);
  });
});

describe('a server that does not answer lookups', () => {
  it('is waited for', async () => {
    const { wait, lookup, clock, evaluator } = setup();
    lookup.failures.push(unavailable, unavailable);
    const found = wait(insert(1, 5));
    for (let attempt = 1; attempt <= 2; attempt++) {
      await vi.waitFor(() => expect(clock.sleeping).toBe(1));
      clock.advance(60_000);
      await vi.waitFor(() => expect(lookup.requests).toHaveLength(attempt + 1));
    }
    expect(await found).toEqual(['delete customer:50:orders', 'delete line:1']);
    expect(evaluator.metrics.of('sluice_lookup_retries_total')).toEqual({ 'sluice_lookup_retries_total line': 2 });
  });

  it('is waited for no longer than until a stop', async () => {
    const { evaluator, lookup, clock } = setup();
    const stop = new AbortController();
    lookup.failures.push(unavailable);
    const found = evaluator.wait([insert(1, 5)], { signal: stop.signal });
    await vi.waitFor(() => expect(clock.sleeping).toBe(1));
    stop.abort(new Error('stopped'));
    await expect(found).rejects.toThrow('stopped');
  });

  it('does not hold up a stop while a query runs', async () => {
    const { evaluator, lookup } = setup();
    const stop = new AbortController();
    const answer = lookup.hold();
    const found = evaluator.wait([insert(1, 5)], { signal: stop.signal });
    stop.abort(new Error('stopped'));
    await expect(found).rejects.toThrow('stopped');
    answer();
  });

  it('that refuses makes a dead letter of the row it refuses, and of no other', async () => {
    const { evaluator, lookup } = setup(rules(), ([order]) => {
      if (order === 6) throw refused;
      return [{ customer_id: JSON.stringify(order) }];
    });
    const { invalidations, letters } = await evaluator.wait([insert(1, 5), insert(2, 6), insert(3, 7)]);
    expect(invalidations.map(brief)).toEqual([
      ...['delete customer:5:orders', 'delete line:1', 'delete customer:7:orders', 'delete line:3'],
    ]);
    expect(letters.map(({ reason, item }) => [reason, item.kind === 'unmapped' && item.after?.['id']])).toEqual([
      ['RULE_LOOKUP_FAILED: rule `line`: READ_REFUSED: no such column', 2],
    ]);
    lookup.change(toCustomer);
    // What was refused is not remembered.
    expect((await evaluator.wait([insert(2, 6)])).letters).toEqual([]);
  });

  it('that is not there at all makes dead letters', async () => {
    const { letters } = await new TestEvaluator(rules()).wait([insert(1, 5)]);
    expect(letters[0]?.reason).toBe('RULE_LOOKUP_FAILED: rule `line`: there is no server for lookups');
  });

  it.each(["Unknown column 'customer_id' in 'field list'", "Table 'shop.orders' doesn't exist"])(
    'since %s flushes the keys of the rule once, and readiness says so, until it answers again',
    async (message) => {
      const gone = new SluiceError('READ_REFUSED', message);
      const { evaluator, lookup, wait } = setup(rules(), () => {
        throw gone;
      });
      expect(await wait(moveOrder(8), insert(1, 5), insert(2, 6), moveOrder(9))).toEqual([
        'delete order:8',
        ...['flush customer:*:orders column_missing *', 'flush line:* column_missing *'],
        'delete order:9',
      ]);
      expect(await wait(insert(3, 5))).toEqual([]);
      expect(evaluator.broken.reasons()).toEqual([expect.stringContaining(message)]);
      expect(evaluator.metrics.of('sluice_rule_broken')).toEqual({ 'sluice_rule_broken line': 1 });
      lookup.change(toCustomer);
      await wait(insert(4, 5));
      expect(evaluator.broken.reasons()).toEqual([]);
      expect(evaluator.metrics.of('sluice_rule_broken')).toEqual({});
      lookup.change(() => {
        throw gone;
      });
      expect(await wait(insert(5, 7))).toHaveLength(2);
    },
  );

  it('and gives other columns than the keys need flushes the keys of the rule once', async () => {
    const { evaluator, lookup, wait } = setup(rules(), () => [{ other: '1' }]);
    expect(await wait(insert(1, 5), insert(2, 6))).toEqual([
      'flush customer:*:orders column_missing *',
      'flush line:* column_missing *',
    ]);
    lookup.change(() => []);
    await wait(insert(3, 7));
    // Nothing found proves nothing.
    expect(evaluator.broken.reasons()).toHaveLength(1);
  });
});
