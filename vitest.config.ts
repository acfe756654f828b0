import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Too much work on purpose: nothing else may run beside them. */
const ALONE = ['doors', 'overload', 'queries'].map((name) => `test/robustness/${name}.test.ts`)

const SYSTEM = {
  globalSetup: ['test/support/build.ts'],
  // What is polled may take its time on a busy machine, too: a second, which is usual, says nothing there.
  expect: { poll: { timeout: 20_000 } },
  testTimeout: 60_000,
  hookTimeout: 120_000,
  /** A shared machine may stall a browser or a whole server for seconds: such a test gets another chance in CI. */
  retry: process.env['CI'] === 'true' ? 2 : 0,
}

/** Files that mostly wait, or have a browser to themselves: begun last, one of them would keep the others' core idle. */
const LONG = /\/test\/(?:demo|browser)\//

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isLong = ({ moduleId }: TestSpecification) => LONG.test(moduleId)
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongFirst },
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
          // Whole servers and browsers, which wait for each other more than they work.
          name: 'system',
          include: ['test/**/*.test.ts'],
          exclude: ALONE,
          ...SYSTEM,
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          // One file after the other.
          name: 'alone',
          include: ALONE,
          ...SYSTEM,
          maxWorkers: 1,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
