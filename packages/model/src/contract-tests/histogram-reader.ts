import { expect, test } from 'vitest'
import { SampleColumns } from '../columns.ts'
import { HistogramColumns } from '../histogram.ts'
import { labelsFromRecord, labelsKey } from '../labels.ts'
import type { MetricReader } from '../reader.ts'
import { isStaleAt } from '../stale.ts'
import { MemoryMetrics } from '../testing/memory-metrics.ts'
import { seededRandom, testSeed } from '../testing/random.ts'
import { unlimitedBudget } from '../testing/unlimited-budget.ts'
import {
  ALL,
  type ContractSample,
  dataSet,
  HOSTS,
  histogram,
  matcher,
  type OpenContractReader,
  scan,
} from './data-set.ts'
import { randomHistogram } from './random-histogram.ts'

const ROUNDS = 6

/** The promises of `MetricReader` about native histograms. */
export function histogramReaderContract(implementation: string, open: OpenContractReader): void {
  test(`${implementation}: reads histograms beside floats, each time in one of both`, async () => {
    const reader = await open(dataSet())
    const floats = new SampleColumns(1)
    const histograms = new HistogramColumns()
    const read = (name: string, startMs: number, endMs: number): (number | string)[] => {
      const matchers = [matcher(`__name__=${name}`), matcher('host=a'), matcher('zone=')]
      const selection = reader.select('default', scan(matchers), unlimitedBudget)
      selection.read(0, startMs, endMs, floats)
      selection.readHistograms(0, startMs, endMs, histograms)
      if (!selection.mayHaveHistograms(0)) expect(histograms.count).toBe(0)
      return [...floats.times.subarray(0, floats.count), ...histograms.times.map((time) => `h${time}`)]
    }
    expect(read('latency', 2000, 4000)).toEqual(['h2000', 'h3000', 'h4000'])
    expect(histograms.histograms).toEqual([histogram(1), histogram(2), histogram(3)])
    expect(read('latency', 0, 1500)).toEqual(['h500', 'h1000'])
    expect(histograms.histograms).toEqual([histogram(77), histogram(0)])
    expect(read('latency', 39_001, 1e9)).toEqual([42_000, 'h40000'])
    expect(isStaleAt(floats.halves, 0)).toBe(true)
    expect(read('mixed', 1000, 4000)).toEqual([1000, 3000, 'h2000', 'h4000'])
    expect(histograms.histograms).toEqual([histogram(1), histogram(3)])
    expect(read('up', 1000, 2000)).toEqual([1000, 2000])
    expect(histograms.count).toBe(0)
  })

  test(`${implementation}: answers like the simplest store, floats and histograms in any order`, async () => {
    const seed = testSeed()
    for (let round = 0; round < ROUNDS; round++) {
      const random = seededRandom(seed + round)
      const samples = randomSamples(random)
      const referee = new MemoryMetrics()
      for (const { tenant, labels, timeMs, value } of samples) {
        if (typeof value === 'number') referee.append(tenant, labels, timeMs, value)
        else referee.appendHistogram(tenant, labels, timeMs, value)
      }
      const reader = await open(samples)
      for (let query = 0; query < 8; query++) {
        const startMs = Math.floor(random() * 40_000)
        const range = query === 0 ? ALL : { startMs, endMs: startMs + Math.floor(random() * 20_000) }
        const label = `SEED=${seed + round} [${range.startMs}, ${range.endMs}]`
        expect([label, contents(reader, range)]).toEqual([label, contents(referee, range)])
      }
    }
  })
}

/** What a series holds at a time is always the same, so that "which of two stays" cannot differ. */
function randomSamples(random: () => number): ContractSample[] {
  const samples: ContractSample[] = []
  let nowMs = 0
  for (let i = 0; i < 250; i++) {
    const series = Math.floor(random() * 6)
    nowMs += Math.floor(random() * 4) * 100
    const timeMs = random() < 0.3 ? Math.floor(random() * (nowMs / 100 + 1)) * 100 : nowMs
    const key = series * 1_000_003 + timeMs
    const isHistogram = series < 4 && (series < 2 || seededRandom(key)() < 0.5)
    samples.push({
      tenant: 'default',
      labels: labelsFromRecord({ __name__: `m${series % 2}`, host: HOSTS[series % 5] as string, i: `${series}` }),
      timeMs,
      value: isHistogram ? randomHistogram(seededRandom(series + Math.floor(timeMs / 5000)), seededRandom(key)) : key,
    })
  }
  return samples
}

/** All samples of a range: label key → lines of time and value; floats first. */
function contents(reader: MetricReader, range: { readonly startMs: number; readonly endMs: number }): object {
  const selection = reader.select('default', { matchers: [], ...range }, unlimitedBudget)
  const floats = new SampleColumns()
  const histograms = new HistogramColumns()
  const all: [string, unknown[]][] = []
  for (let i = 0; i < selection.count; i++) {
    selection.read(i, range.startMs, range.endMs, floats)
    selection.readHistograms(i, range.startMs, range.endMs, histograms)
    if (histograms.count > 0) expect(selection.mayHaveHistograms(i)).toBe(true)
    const lines: unknown[] = Array.from({ length: floats.count }, (_, at) => [floats.times[at], floats.values[at]])
    histograms.histograms.forEach((one, at) => {
      lines.push([histograms.times[at], one])
    })
    if (lines.length > 0) all.push([labelsKey(selection.labels(i)), lines])
  }
  return all
}
