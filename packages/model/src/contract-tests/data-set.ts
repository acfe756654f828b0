import type { Histogram } from '../histogram.ts'
import { type Labels, labelsFromRecord } from '../labels.ts'
import type { Matcher } from '../matcher.ts'
import type { MetricReader, SeriesScan } from '../reader.ts'
import { staleNaN } from '../stale.ts'
import { seededRandom } from '../testing/random.ts'
import { randomHistogram } from './random-histogram.ts'

/** One sample of the data set that every implementation is loaded with. */
export interface ContractSample {
  readonly tenant: string
  readonly labels: Labels
  readonly timeMs: number
  readonly value: number | Histogram
  /** Since when it counts; absent = unknown. */
  readonly startMs?: number
}

/** Opens a reader over the samples, given in this order. */
export type OpenContractReader = (samples: readonly ContractSample[]) => Promise<MetricReader>

export const HOSTS = ['a', 'b', 'c-1', 'c-2', 'ü']
/** Only one series, which holds only histograms, has a sample here. */
export const FAR = { startMs: 700_000, endMs: 900_000 }
export const ALL = { startMs: 0, endMs: 1_000_000 }

export function dataSet(): ContractSample[] {
  const samples: ContractSample[] = []
  const add = (
    tenant: string,
    record: Record<string, string>,
    timeMs: number,
    value: ContractSample['value'],
    startMs?: number,
  ): void => {
    const start = startMs === undefined ? {} : { startMs }
    samples.push({ tenant, labels: labelsFromRecord(record), timeMs, value, ...start })
  }
  for (const [i, host] of HOSTS.entries()) {
    for (let step = 0; step < 100; step++) {
      add('default', { __name__: 'up', host }, 1000 + step * 1000, i * 1000 + step)
      if (step % 2 === 0) add('default', { __name__: 'load', host, window: '5m' }, 1000 + step * 1000, step / 8)
    }
  }
  add('default', { __name__: 'up', host: 'a', zone: 'z' }, 500_000, 1)
  add('default', { __name__: 'up', host: 'a' }, 500, 0.5)
  add('default', { __name__: 'late', host: 'a' }, 3000, 3)
  add('default', { __name__: 'late', host: 'a' }, 1000, 1)
  add('default', { __name__: 'late', host: 'a' }, 2000, staleNaN())
  add('other', { __name__: 'up', host: 'x' }, 1000, 1)
  for (let step = 0; step < 40; step++) {
    add('default', { __name__: 'latency', host: 'a' }, 1000 + step * 1000, histogram(step))
    if (step % 2 === 0) add('default', { __name__: 'mixed', host: 'a' }, 1000 + step * 1000, step)
    else add('default', { __name__: 'mixed', host: 'a' }, 1000 + step * 1000, histogram(step))
  }
  add('default', { __name__: 'latency', host: 'a' }, 42_000, staleNaN())
  add('default', { __name__: 'latency', host: 'a' }, 500, histogram(77))
  add('default', { __name__: 'latency', far: 'yes' }, 800_000, histogram(1))
  // A restart, samples that say nothing, a late one that does, histograms between floats.
  for (let step = 0; step < 60; step++) {
    const startMs = step < 20 ? 400 : step < 40 ? 20_500 : undefined
    const value = step % 10 === 9 ? histogram(step) : step
    add('default', { __name__: 'started', host: 'a' }, 1000 + step * 1000, value, startMs)
  }
  add('default', { __name__: 'started', host: 'a' }, 700, 3, 600)
  add('default', { __name__: 'started', host: 'a' }, 800, 4)
  return samples
}

/** Each differs from the others; every tenth has other buckets. */
export function histogram(step: number): Histogram {
  return randomHistogram(seededRandom(Math.floor(step / 10)), seededRandom(step))
}

export function scan(matchers: readonly Matcher[], range = ALL): SeriesScan {
  return { matchers, ...range }
}

export function matcher(text: string): Matcher {
  const match = /^(\w+)(=~|!~|!=|=)(.*)$/.exec(text)
  if (match === null) throw new Error(`not a matcher: ${text}`)
  return { name: match[1] as string, op: match[2] as Matcher['op'], value: match[3] as string }
}
