import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { labelsFromRecord, METRIC_NAME, type Moments, SampleColumns } from '@vantage/model'
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

test('what is newest at each moment is read, whatever else is left out', async () => {
  const seed = testSeed()
  const random = seededRandom(seed)
  const one = new StoreHarness(directory)
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
