import { totalmem } from 'node:os'
import { expect, test } from 'vitest'
import { memoryLimitBytes, nextPressure, type PressureLevel } from './pressure.ts'

test.each<[string, PressureLevel, number, PressureLevel]>([
  ['normal', 0, 74.9, 0],
  ['soft is reached', 0, 75, 1],
  ['hard is reached at once', 0, 90, 2],
  ['soft is kept just below', 1, 70, 1],
  ['soft is left 5 % below', 1, 69.9, 0],
  ['hard is kept just below', 2, 85, 2],
  ['hard is left for soft', 2, 84.9, 1],
  ['hard is left for soft, which is itself kept', 2, 71, 1],
  ['all is well again', 2, 10, 0],
])('%s: level %i at %f %% becomes %i', (_name, level, usedPercent, want) => {
  expect(nextPressure(level, usedPercent, 75, 90)).toBe(want)
})

test.each<[string, Record<string, string>, number]>([
  ['cgroup 2', { '/sys/fs/cgroup/memory.max': '1073741824\n' }, 1_073_741_824],
  ['no limit in cgroup 2', { '/sys/fs/cgroup/memory.max': 'max\n' }, totalmem()],
  ['cgroup 1', { '/sys/fs/cgroup/memory/memory.limit_in_bytes': '1048576\n' }, 1_048_576],
  ['a limit above the machine', { '/sys/fs/cgroup/memory.max': '9223372036854771712\n' }, totalmem()],
  ['no cgroup', {}, totalmem()],
])('memory limit: %s', (_name, files, want) => {
  expect(memoryLimitBytes((path) => files[path])).toBe(want)
})
