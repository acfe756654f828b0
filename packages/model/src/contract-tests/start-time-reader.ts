import { expect, test } from 'vitest'
import { unlimitedBudget } from '../testing/unlimited-budget.ts'
import { dataSet, matcher, type OpenContractReader, scan } from './data-set.ts'

/** The promises of `SeriesSelection.readStartTimes`, which readers of stores that keep none do not have. */
export function startTimeReaderContract(implementation: string, open: OpenContractReader): void {
  test(`${implementation}: tells since when samples count, by their times`, async () => {
    const reader = await open(dataSet())
    const starts = new Map([[1, 1]])
    const read = (name: string, startMs: number, endMs: number): string[] => {
      const selection = reader.select(
        'default',
        scan([matcher(`__name__=${name}`), matcher('host=a')]),
        unlimitedBudget,
      )
      selection.readStartTimes?.(0, startMs, endMs, starts)
      return [...starts].sort(([a], [b]) => a - b).map(([timeMs, start]) => `${timeMs}:${start}`)
    }
    expect(read('started', 0, 1000)).toEqual(['700:600', '1000:400'])
    expect(read('started', 19_000, 22_000)).toEqual(['19000:400', '20000:400', '21000:20500', '22000:20500'])
    expect(read('started', 39_500, 50_000)).toEqual(['40000:20500'])
    expect(read('started', 0, 1e9)).toHaveLength(41)
    expect(read('started', 100_000, 1e9)).toEqual([])
    expect(read('load', 0, 1e9)).toEqual([])
  })
}
