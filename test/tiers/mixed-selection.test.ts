/** Set: test, 3 s. Series that buckets answer beside series that samples, histograms or start times answer. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { randomHistogram } from '../../packages/model/src/contract-tests/index.ts'
import { type Histogram, labelsFromRecord } from '../../packages/model/src/index.ts'
import { seededRandom, unlimitedBudget } from '../../packages/model/src/testing/index.ts'
import { EXPERIMENTAL_OPTIONS, evaluatePromql } from '../../packages/query/src/promql/index.ts'
import { StoreHarness } from '../../packages/store/src/metrics/testing/store-harness.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const BASE_MS = 19_700 * DAY_MS

const names = ['histograms', 'plain', 'started']
const labelsOf = (name: string) => labelsFromRecord({ __name__: 'm', name })

/** A day of each, one sample a minute, and a later part, so that the first is settled and gets its tiers. */
async function openTiered(directory: string): Promise<StoreHarness> {
  const harness = new StoreHarness(directory)
  harness.clock.wallMs = BASE_MS + 2 * DAY_MS
  await harness.open()
  const times = Array.from({ length: 1440 }, (_, i) => BASE_MS + 1000 + i * MINUTE_MS)
  const histograms = times.map((time, i): [number, Histogram] => [
    time,
    randomHistogram(seededRandom(1), seededRandom(i)),
  ])
  const floats = times.map((time, i): [number, number] => [time, i * 3])
  harness.apply([
    { labels: labelsOf('histograms'), samples: [], histograms },
    { labels: labelsOf('plain'), samples: floats },
    // It began anew at every hundredth sample, although no value says so.
    {
      labels: labelsOf('started'),
      samples: floats,
      startTimes: times.map((_, i) => BASE_MS + 999 + Math.floor(i / 100) * 100 * MINUTE_MS),
    },
  ])
  await harness.store.seal()
  harness.apply([{ labels: labelsOf('plain'), samples: [[BASE_MS + DAY_MS + MINUTE_MS, 1]] }])
  await harness.store.seal()
  await harness.settle()
  expect(harness.store.tiers().length).toBeGreaterThan(0)
  return harness
}

test('a series is judged by what it holds itself, whoever answered the one before', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'vantage-mixed-'))
  const harness = await openTiered(directory)
  const ask = (query: string, startTimes: boolean): Map<string, number | string> => {
    const timeMs = BASE_MS + 12 * 60 * MINUTE_MS
    const request = {
      query,
      range: { startMs: timeMs, endMs: timeMs, stepMs: 0 },
      options: { ...EXPERIMENTAL_OPTIONS, startTimes },
    }
    const answer = evaluatePromql(request, 'default', harness.store.reader(), unlimitedBudget, harness.clock)
    if (!answer.ok) throw new Error(answer.error.message)
    const { data } = answer.value
    if (data.kind !== 'vector') throw new Error(`want a vector, got ${data.kind}`)
    return new Map(
      data.series.map(({ labels, values, histograms }) => {
        const name = labels[labels.indexOf('name') + 1] as string
        return [name, histograms?.[0] === undefined ? (values[0] as number) : 'histogram']
      }),
    )
  }
  try {
    for (const startTimes of [false, true]) {
      const counts = ask('count_over_time(m[1h])', startTimes)
      expect(names.map((name) => counts.get(name))).toEqual([60, 60, 60])
      const increases = ask('increase(m[2h])', startTimes)
      expect(increases.get('histograms')).toBe('histogram')
      expect(increases.get('plain')).toBeCloseTo(360, 6)
      if (startTimes) expect(increases.get('started')).toBeGreaterThan(1000)
      else expect(increases.get('started')).toBeCloseTo(360, 6)
    }
  } finally {
    await harness.store.close()
    rmSync(directory, { recursive: true, force: true })
  }
})
