import { defineConfig } from 'vitest/config'

/** A shared machine may stall a browser or a whole server for seconds: such a test gets another chance in CI. */
const SYSTEM_RETRIES = process.env['CI'] === 'true' ? 2 : 0

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'packages/*/src/**/*.test.ts',
            'apps/*/src/**/*.test.ts',
            'tools/**/*.test.ts',
            'bench/**/*.test.ts',
          ],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          // Whole servers and browsers, one file after the other: they would take each other's processor.
          name: 'system',
          include: ['test/**/*.test.ts'],
          // What is polled may take its time on a busy machine, too: a second, which is usual, says nothing there.
          expect: { poll: { timeout: 20_000 } },
          testTimeout: 60_000,
          hookTimeout: 120_000,
          retry: SYSTEM_RETRIES,
          maxWorkers: 1,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
