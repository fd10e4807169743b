import { readFileSync } from 'node:fs';
import { decodeCheckpoint, encodeCheckpoint } from '../../../src/model/checkpoint.ts';
import { loadRules } from '../../../src/rules/rule-file.ts';
import { loadConfig } from '../../../src/runtime/config/load.ts';
import { decodeDeadLetter } from '../../../src/transport/dead-letter-decoder.ts';
import { RecordDecoder } from '../../../src/transport/record-decoder.ts';
import { mutated, outcomeOf, type Input, type Target } from '../target.ts';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

/** A target whose input is one text. */
function textTarget(name: string, share: number, corpus: readonly string[], use: (bytes: Buffer) => string): Target {
  const bytes = corpus.map((text) => Buffer.from(text));
  return {
    name,
    share,
    make: (random) => [mutated(bytes, random)],
    run: ([text]: Input) => use(text ?? Buffer.alloc(0)),
  };
}

const ORIGIN =
  '"rules":"abc","database":"shop","table":"products","op":"update","primary_key":{"id":7},"gtid":"3e11fa47-71ca-11e1-9e33-c80aa9429562:5","binlog":{"file":"binlog.000001","offset":4},"commit_time":"2024-01-01T00:00:00.000001Z","capture_time":"2024-01-01T00:00:00.001Z"';
const RECORDS = [
  `{"v":1,"key":"product:7","action":"delete","versioned":true,"version":17,"rule":"product",${ORIGIN}}`,
  `{"v":1,"key":"product:7","action":"delete","again_after_ms":1000,"version":17,"rule":"product","partition_key":"p",${ORIGIN}}`,
  `{"v":1,"key":"product:7","action":"refresh","version":9007199254740991,"rule":"product",${ORIGIN},"row":{"state":"present","columns":{"id":7,"name":"ü","deep":[{"a":null}]}}}`,
  `{"v":1,"key":"product:*","action":"flush","versioned":true,"reason":"unknown_rows","version":17,"rule":"product","partition_key":"product",${ORIGIN}}`,
  `{"v":1,"key":"sluice:epoch:shop.products","action":"epoch","version":17,"rule":"product",${ORIGIN}}`,
];

/** Half of the keys fit their record. */
export function recordTarget(): Target {
  const decoder = new RecordDecoder();
  return textTarget('record decoder', 40, RECORDS, (value) => {
    const key = value.length % 2 === 0 ? Buffer.from('product:7') : value.subarray(0, 9);
    const item = decoder.decode({ key, value }, 'topic/0@1');
    if (item.kind === 'unreadable' && (item.reason === '' || item.place === '')) throw new Error('unreadable without a reason');
    return item.kind;
  }); // prettier-ignore
}

export function deadLetterTarget(): Target {
  const letters = [
    `{"v":1,"reason":"[CACHE_REFUSED] no","target":"main","place":"t/0@1","kept_at":"2024-01-01T00:00:00.000Z","record":${RECORDS[0]}}`,
    `{"v":1,"reason":"r","target":null,"place":"p","kept_at":"2024-01-01T00:00:00.000Z","raw":"bytes","truncated":true}`,
    `{"v":1,"reason":"r","target":null,"place":"p","kept_at":"2024-01-01T00:00:00.000Z","change":{"rule":"product","version":1,${ORIGIN},"before":{"id":1},"after":null}}`,
  ];
  return textTarget('dead letter decoder', 10, letters, (text) =>
    outcomeOf(() => decodeDeadLetter(text.toString('utf8'))),
  );
}

/** `decodeCheckpoint` throws plain errors by contract, and the stores add the code: the file store is the next target. */
export function checkpointTarget(): Target {
  const position = {
    flavour: 'mysql' as const,
    serverUuid: '3e11fa47-71ca-11e1-9e33-c80aa9429562',
    coordinates: { file: 'binlog.000001', offset: 4 },
    gtidSet: '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:8',
  };
  const whole = encodeCheckpoint({ position, lastVersion: 5, epochs: new Map([['shop.products', 3]]), savedAtMs: 0 });
  const other = encodeCheckpoint({ position: { ...position, flavour: 'mariadb', gtidSet: null }, lastVersion: 0, epochs: new Map(), savedAtMs: 1 }); // prettier-ignore
  return textTarget('checkpoint', 28.6, [whole, other], (text) => {
    try {
      const checkpoint = decodeCheckpoint(text.toString('utf8'));
      decodeCheckpoint(encodeCheckpoint(checkpoint));
      return 'accepted';
    } catch (error) {
      if (!(error instanceof Error) || error.constructor !== Error) throw error;
      return 'refused';
    }
  });
}

export function ruleFileTarget(): Target {
  return textTarget('rule file', 0.1, [read('config/rules.example.yaml')], (text) =>
    outcomeOf(() => loadRules([{ file: 'rules.yaml', text: text.toString('utf8') }])),
  );
}

export function configTarget(): Target {
  return textTarget('configuration', 0.1, [read('config/sluice.example.yaml')], (text) =>
    outcomeOf(() =>
      loadConfig({
        file: '/nowhere/sluice.yaml',
        text: text.toString('utf8'),
        env: {},
        readFile: () => {
          throw new Error('no files can be read here');
        },
      }),
    ),
  );
}
