import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isStaleAt, labelsFromRecord, METRIC_NAME, type Moments, SampleColumns } from '@vantage/model'
import { seededRandom, testSeed, unlimitedBudget } from '@vantage/model/testing'
import { afterAll, expect, test } from 'vitest'
import { row, StoreHarness } from './testing/store-harness.ts'

const SAMPLES = 1_500
const STEP_MS = 15_000
const STALE = { high: 0x7ff00000, low: 2 }
const ROUNDS = 40

const directory = mkdtempSync(join(tmpdir(), 'vantage-moments-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** Values of every form of block: few bytes and many, both orders of differences, decimals, noise, gaps and markers. */
const SHAPES: readonly ((i: number, random: () => number) => number | typeof STALE)[] = [
  (i) => i * 10 + (i % 3),
  (i, random) => (i % 400 === 0 ? 0 : i * 1_000) + Math.floor(random() * 900),
  (i, random) => i * 3_000_000 + Math.floor(random() * 5_000_000),
  (_, random) => Math.floor(random() * 100),
  (_, random) => Math.round(random() * 1e5) / 100,
  (_, random) => random(),
  () => 42,
  (i, random) => (random() < 0.01 ? STALE : i % 50),
  (i) => i * i * 7,
  (i) => (i > 1_310 && i % 37 === 0 ? STALE : i * 10),
]

/** Of each moment, time and bits of the newest sample at or before it. */
function newestAt({ startMs, stepMs, steps }: Moments, { times, halves, count }: SampleColumns): string[] {
  const found: string[] = []
  let next = 0
  for (let step = 0; step < steps; step++) {
    while (next < count && (times[next] as number) <= startMs + step * stepMs) next++
    found.push(next === 0 ? '-' : `${times[next - 1]} ${halves[next * 2 - 1]} ${halves[next * 2 - 2]}`)
  }
  return found
}

/** Of each window: how many samples it holds, time and bits of the first and the last, and what counters lost. */
function windowsOf({ startMs, stepMs, steps, windowMs = 0 }: Moments, samples: SampleColumns): string[] {
  const { times, values, halves, count } = samples
  const found: string[] = []
  let from = 0
  let to = 0
  for (let step = 0; step < steps; step++) {
    const endMs = startMs + step * stepMs
    while (to < count && (times[to] as number) <= endMs) to++
    while (from < to && (times[from] as number) <= endMs - windowMs) from++
    const ranks = samples.isThinned ? samples.ranks : undefined
    const held = to === from ? 0 : (ranks?.[to - 1] ?? to - 1) - (ranks?.[from] ?? from) + 1
    const lost: number[] = []
    for (let i = from + 1; i < to; i++) {
      if ((values[i] as number) < (values[i - 1] as number)) lost.push(values[i - 1] as number)
    }
    const ends = to === from ? [] : [from, to - 1].map((i) => `${times[i]} ${halves[i * 2]} ${halves[i * 2 + 1]}`)
    found.push(`${held} ${ends} ${lost}`)
  }
  return found
}

/** A store with series of all shapes, in two parts and in memory. */
async function openShapes(random: () => number) {
  const one = new StoreHarness(mkdtempSync(join(directory, 'store-')))
  await one.open()
  const beginMs = one.clock.nowMs() - SAMPLES * STEP_MS
  const append = (from: number, to: number) => {
    for (let at = from; at < to; at += 100) {
      const rows = SHAPES.map((shape, s) => {
        const samples = Array.from({ length: Math.min(100, to - at) }, (_, k) => {
          const jitter = Math.floor(random() * 20)
          return [beginMs + (at + k) * STEP_MS + (s % 2) * 700 + jitter, shape(at + k, random)] as const
        })
        return row(labelsFromRecord({ [METRIC_NAME]: `m${s}` }), ...samples)
      })
      one.apply(rows)
    }
  }
  append(0, 900)
  await one.store.seal()
  append(900, 1_300)
  await one.store.seal()
  append(1_300, SAMPLES)
  return { one, beginMs }
}

test('what is newest at each moment is read, whatever else is left out', async () => {
  const seed = testSeed()
  const random = seededRandom(seed)
  const { one, beginMs } = await openShapes(random)
  const everything = new SampleColumns()
  const some = new SampleColumns()
  let read = 0
  let leftOut = 0
  for (let round = 0; round < ROUNDS; round++) {
    // A source that something is deleted from is read as a whole.
    if (round === ROUNDS / 2) {
      one.delete([{ name: METRIC_NAME, op: '=', value: 'm2' }], beginMs + 3_000_000, beginMs + 4_000_000)
    }
    const stepMs = 1 + Math.floor(random() * 40 * STEP_MS)
    const startMs = beginMs + Math.floor(random() * 600) * STEP_MS
    const moments = { startMs, stepMs, steps: 1 + Math.floor(random() * 300) }
    const [fromMs, toMs] = [startMs - 300_000, startMs + stepMs * (moments.steps - 1)]
    const selection = one.store
      .reader()
      .select('default', { matchers: [], startMs: fromMs, endMs: toMs }, unlimitedBudget)
    for (let i = 0; i < selection.count; i++) {
      selection.read(i, fromMs, toMs, everything)
      selection.read(i, fromMs, toMs, some, moments)
      read += everything.count
      leftOut += everything.count - some.count
      const name = selection.labels(i)[1]
      expect([seed, round, name, newestAt(moments, some)]).toEqual([seed, round, name, newestAt(moments, everything)])
    }
  }
  expect([seed, leftOut > read / 4]).toEqual([seed, true])
  await one.store.close()
})

test('of windows the ends, the number and the falls are read, whatever else is left out', async () => {
  const seed = testSeed()
  const random = seededRandom(seed)
  const { one, beginMs } = await openShapes(random)
  const everything = new SampleColumns()
  const some = new SampleColumns()
  let read = 0
  let leftOut = 0
  for (let round = 0; round < ROUNDS; round++) {
    // Samples in between that came late: no place among those that were left out is known to them.
    if (round === ROUNDS / 2) {
      one.apply([0, 3, 6].map((s) => row(labelsFromRecord({ [METRIC_NAME]: `m${s}` }), [beginMs + 6_004_321, 77 + s])))
    }
    const stepMs = 1 + Math.floor(random() * 100 * STEP_MS)
    const windowMs = 1 + Math.floor(random() * 2 * stepMs)
    const startMs = beginMs + Math.floor(random() * 600) * STEP_MS
    const moments = { startMs, stepMs, steps: 1 + Math.floor(random() * 300), windowMs }
    const [fromMs, toMs] = [startMs - windowMs + 1, startMs + stepMs * (moments.steps - 1)]
    const selection = one.store
      .reader()
      .select('default', { matchers: [], startMs: fromMs, endMs: toMs }, unlimitedBudget)
    for (let i = 0; i < selection.count; i++) {
      selection.read(i, fromMs, toMs, everything)
      selection.read(i, fromMs, toMs, some, moments)
      read += everything.count
      leftOut += everything.count - some.count
      const name = selection.labels(i)[1]
      expect([seed, round, name, windowsOf(moments, some)]).toEqual([seed, round, name, windowsOf(moments, everything)])
      const markers = some.values.subarray(0, some.count).filter((_, at) => isStaleAt(some.halves, at)).length
      if (some.isThinned)
        expect([seed, round, name, markers, some.isFreeOfMarkers]).toEqual([seed, round, name, 0, true])
    }
  }
  expect([seed, leftOut > read / 8]).toEqual([seed, true])
  await one.store.close()
})
