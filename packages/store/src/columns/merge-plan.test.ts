import { expect, test } from 'vitest'
import type { FileRow } from './catalogue/protocol.ts'
import { nextMerge } from './merge-plan.ts'

function filesOf(rows: readonly number[]): FileRow[] {
  return rows.map((count, i) => ({
    id: i,
    signal: 'logs',
    tenant: 'default',
    fileName: `file-${i}`,
    level: 0,
    rows: count,
    bytes: count * 60,
    minTimeNs: 0n,
    maxTimeNs: 0n,
    fromOffset: i,
    toOffset: i + 1,
    checksum: 0,
    services: [],
    arrivedMs: 0,
    deletedTo: 0,
  }))
}

test.each<[string, number[], number[] | undefined]>([
  ['nothing', [], undefined],
  ['too few', [10, 10, 10], undefined],
  ['as many as there are', [10, 10, 10, 10, 10], [0, 1, 2, 3, 4]],
  ['at most sixteen', Array(20).fill(10), Array.from({ length: 16 }, (_, i) => i)],
  ['a large one waits until the others weigh as much', [1000, 10, 10, 10, 10], [1, 2, 3, 4]],
  ['then it is taken', [1000, 300, 300, 300, 300], [0, 1, 2, 3, 4]],
  ['not beyond a million rows', [300_000, ...Array(10).fill(110_000)], [1, 2, 3, 4, 5, 6, 7, 8, 9]],
  ['none that is large enough', [300_000, 300_000, 300_000, 300_000], undefined],
  ['never around one that stays', [10, 10, 2_000_000, 10, 10], undefined],
])('files merged next: %s', (_name, rows, want) => {
  expect(nextMerge(filesOf(rows))?.map((file) => file.id)).toEqual(want)
})
