import { defineConfig } from 'vitest/config';

/** Files that disturb nobody, because they start servers of their own; and they mostly wait: two at a time. */
const APART = [
  'test/e2e/{gaps,lease,redis-cluster}.test.ts',
  'test/integration/cache/redis-{cluster,cluster.contract,history}.test.ts',
  'test/integration/security/*.test.ts',
  'test/integration/source/{gaps,history,reconnect}.test.ts',
  'test/integration/transport/{crash,three-brokers}.test.ts',
];

/** A project per folder of test/: what may touch a real server is decided by where the file stands. */
const fast = (name: string) => ({
  // Long for what takes milliseconds: a busy machine is no failure, a hang is one.
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout: 60_000 },
});
const real = (name: string, testTimeout: number) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    exclude: APART,
    globalSetup: ['test/support/real-services.ts'],
    testTimeout,
    hookTimeout: 120_000,
    // Servers share two cores: files one after another keep the timing of a test its own.
    fileParallelism: false,
  },
});

const e2e = real('e2e', 240_000);

export default defineConfig({
  test: {
    reporters: ['default'],
    projects: [
      fast('unit'),
      fast('contract'),
      fast('property'),
      real('integration', 60_000),
      e2e,
      {
        test: {
          ...e2e.test,
          name: 'apart',
          include: APART,
          exclude: [],
          fileParallelism: true,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      real('faults', 300_000),
    ],
  },
});
