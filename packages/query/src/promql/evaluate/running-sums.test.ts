import { SampleColumns } from '@vantage/model'
import { seededRandom, testSeed } from '@vantage/model/testing'
import { expect, test } from 'vitest'
import type { SampleWindow } from '../functions/function.ts'
import { OVER_TIME_FUNCTIONS } from '../functions/over-time.ts'
import { areOverlapping, RunningSums, summarize } from './running-sums.ts'

const ROUNDS = 100

function samplesOf(values: readonly number[]): SampleColumns {
  const samples = new SampleColumns()
  samples.reserve(values.length)
  samples.values.set(values)
  samples.count = values.length
  return samples
}

/** What the function says of samples [from, to). */
function kernelOf(name: 'sum_over_time' | 'avg_over_time', samples: SampleColumns, from: number, to: number): number {
  const { kind, ...rest } = OVER_TIME_FUNCTIONS[name]
  if (kind !== 'window' || !('kernel' in rest)) throw new Error(`${name} has no kernel`)
  const { times, values } = samples
  return rest.kernel({ times, values, param0: 0, param1: 0, endMs: 0, isEmpty: false } as SampleWindow, from, to)
}

test('windows of whole numbers have the sum and the mean that the functions work out, bit by bit', () => {
  const seed = testSeed()
  const random = seededRandom(seed)
  const running = new RunningSums()
  for (let round = 0; round < ROUNDS; round++) {
    const size = 2 ** Math.floor(random() * 42)
    const samples = samplesOf(
      Array.from({ length: 1 + Math.floor(random() * 900) }, () => Math.round((random() - 0.3) * size)),
    )
    const sums = running.of(samples)
    if (sums === undefined) throw new Error(`seed ${seed}: whole numbers below 2^42 have sums`)
    const from = Int32Array.from({ length: 50 }, () => Math.floor(random() * samples.count))
    const to = from.map((first) => first + Math.floor(random() * (samples.count + 1 - first)))
    const values = new Float64Array(50)
    const present = new Uint8Array(50).fill(7)
    for (const [summary, name] of [
      ['sum', 'sum_over_time'],
      ['mean', 'avg_over_time'],
    ] as const) {
      summarize(sums, summary, from, to, values, present)
      for (const [step, first] of from.entries()) {
        const end = to[step] as number
        const right = end > first ? [1, kernelOf(name, samples, first, end)] : [0]
        const found = present[step] === 1 ? [1, values[step]] : [0]
        expect([seed, round, name, first, end, ...found]).toEqual([seed, round, name, first, end, ...right])
      }
    }
  }
})

test.each([[[1, 2.5, 3]], [[1, Number.NaN]], [[Infinity]], [[-Infinity, 1]], [[2 ** 52, 1]], [[-(2 ** 53)]], [[0.1]]])(
  '%j has no sums that are surely exact',
  (values) => {
    expect(new RunningSums().of(samplesOf(values))).toBeUndefined()
  },
)

test('sums pay where windows overlap', () => {
  const windows = (width: number, every: number, steps: number) => {
    const from = Int32Array.from({ length: steps }, (_, i) => i * every)
    return areOverlapping(
      from,
      from.map((first) => first + width),
      steps * every,
    )
  }
  expect([windows(20, 4, 100), windows(4, 4, 100), windows(1, 60, 100)]).toEqual([true, false, false])
})
