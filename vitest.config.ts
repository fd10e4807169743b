import { defineConfig } from 'vitest/config';

/** A project per folder of test/: what may touch a real server is decided by where the file stands. */
const fast = (name: string) => ({ test: { name, include: [`test/${name}/**/*.test.ts`] } });
const real = (name: string, testTimeout: number) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    globalSetup: ['test/support/real-services.ts'],
    testTimeout,
    hookTimeout: 120_000,
    // Servers share two cores: files one after another keep the timing of a test its own.
    fileParallelism: false,
  },
});

export default defineConfig({
  test: {
    reporters: ['default'],
    projects: [
      fast('unit'),
      fast('contract'),
      fast('property'),
      real('integration', 60_000),
      real('e2e', 240_000),
      real('faults', 300_000),
    ],
  },
});
