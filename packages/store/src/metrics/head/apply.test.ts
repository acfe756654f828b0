import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NativeBuffer } from '@vantage/bytes'
import {
  type ApplyOutcome,
  type Histogram,
  HistogramColumns,
  type Labels,
  type LabelsOutcome,
  MetricBatch,
  NO_BUCKETS,
  NO_CUSTOM_VALUES,
  RESET_HINT,
  SampleColumns,
} from '@vantage/model'
import { randomHistogram } from '@vantage/model/contract-tests'
import { seededRandom, testSeed, unlimitedBudget } from '@vantage/model/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { batchOf, labels, type TestRow } from '../testing/batches.ts'
import { row, StoreHarness } from '../testing/store-harness.ts'
import type { HeadLimits } from './head-limits.ts'
import { SeriesHint } from './series-hint.ts'

let harness: StoreHarness
let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vantage-apply-'))
})
afterEach(async () => {
  await harness.store.close()
  rmSync(directory, { recursive: true, force: true })
})

async function open(limits: Partial<HeadLimits> = {}): Promise<number> {
  harness = new StoreHarness(directory, limits)
  await harness.open()
  return harness.clock.nowMs()
}

const up = labels({ __name__: 'up', host: 'a' })
const sums = (outcome: ApplyOutcome) => ({
  stored: outcome.storedSamples,
  duplicates: outcome.duplicateSamples,
  refused: outcome.refused.map((one) => `${one.reason} ${one.count}`).join(', '),
  verdict: outcome.verdict === undefined ? '' : [...outcome.verdict].map((byte) => byte.toString(2)).join(' '),
})

function values(name: string): [number, number][] {
  const matchers = [{ name: '__name__', op: '=' as const, value: name }]
  const selection = harness.store.reader().select('default', { matchers, startMs: 0, endMs: 1e14 }, unlimitedBudget)
  const out = new SampleColumns()
  const all: [number, number][] = []
  for (let i = 0; i < selection.count; i++) {
    selection.read(i, 0, 1e14, out)
    for (let j = 0; j < out.count; j++) all.push([out.times[j] as number, out.values[j] as number])
  }
  return all
}

test('duplicates are silent, conflicts are refused, the first value stays', async () => {
  const now = await open()
  const check = (rows: TestRow[], want: object): void => expect(sums(harness.apply(rows))).toEqual(want)
  check([row(up, [now, 1], [now, 1], [now, 2])], {
    stored: 1,
    duplicates: 1,
    refused: 'duplicate_timestamp 1',
    verdict: '100',
  })
  check([row(up, [now - 5, 7])], { stored: 1, duplicates: 0, refused: '', verdict: '' })
  check([row(up, [now - 5, 7], [now - 5, 8])], {
    stored: 0,
    duplicates: 1,
    refused: 'duplicate_timestamp 1',
    verdict: '10',
  })
  expect(values('up')).toEqual([
    [now - 5, 7],
    [now, 1],
  ])
})

test('of equal times the later log offset wins once the raw tail is gone', async () => {
  const now = await open()
  harness.apply([row(up, [now, 1])])
  await harness.store.seal()
  harness.apply([row(up, [now, 2])])
  expect(values('up')).toEqual([[now, 2]])
  await harness.store.seal()
  expect(values('up')).toEqual([[now, 2]])
  const many = Array.from({ length: 100 }, (_, i): [number, number] => [now + 1 + i, i])
  harness.apply([row(up, ...many)])
  harness.apply([row(up, [now + 1, 42])])
  expect(values('up')[1]).toEqual([now + 1, 42])
})

test('rows of many samples are stored and refused as rows of one', async () => {
  const now = await open({ maxFutureMs: 50 })
  const random = seededRandom(testSeed())
  let timeMs = now - 2_000
  for (let round = 0; round < 60; round++) {
    const samples = Array.from({ length: 1 + Math.floor(random() * 150) }, (): [number, number] => {
      const step = random()
      timeMs += step < 0.9 ? 1 + Math.floor(random() * 3) : step < 0.95 ? 0 : -Math.floor(random() * 5)
      return [step < 0.99 ? timeMs : Number.NaN, Math.floor(random() * 3)]
    })
    const whole = sums(harness.apply([row(labels({ __name__: 'whole' }), ...samples)]))
    const apart = sums(harness.apply(samples.map((one) => row(labels({ __name__: 'apart' }), one))))
    expect(whole).toEqual(apart)
    if (random() < 0.1) await harness.store.seal()
  }
  expect(values('whole').length).toBeGreaterThan(500)
  expect(values('whole')).toEqual(values('apart'))
})

test('limits refuse, name themselves, and leave no trace', async () => {
  const now = await open({ maxSeries: 3, maxSeriesPerMetric: 2, maxLabels: 3, maxLabelValueBytes: 8, maxPastMs: 1000 })
  const check = (record: Record<string, string>, time: number, want: string): void => {
    expect(sums(harness.apply([row(labels(record), [time, 1])])).refused).toBe(want)
  }
  check({ __name__: 'm', a: '1', b: '2', c: '3' }, now, 'too_many_labels 1')
  check({ __name__: 'm', a: 'ééééé' }, now, 'label_value_too_long 1')
  check({ __name__: 'm', a: 'éééé' }, now, '')
  check({ __name__: 'm', a: '2' }, now, '')
  check({ __name__: 'm', a: '3' }, now, 'series_limit 1')
  check({ __name__: 'n' }, now, '')
  check({ __name__: 'o' }, now, 'series_limit 1')
  check({ __name__: 'n' }, now + 600_000, '')
  check({ __name__: 'n' }, now + 600_001, 'too_far_in_future 1')
  check({ __name__: 'n' }, now - 1001, 'too_old 1')
  check({ __name__: 'n' }, Number.NaN, 'invalid_value 1')
  expect(harness.store.stats().series).toBe(3)
  const first = harness.apply([row(labels({ __name__: 'o' }), [now, 1])]).refused[0]
  expect(first?.message).toBe(
    'series o: no new series are taken (limits.maxSeries, limits.maxSeriesPerMetric or memory)',
  )
})

test('the out-of-order window is measured on the wall clock; 0 takes no old sample', async () => {
  const cases: [number, number, string][] = [
    [0, -1, 'out_of_order 1'],
    [60_000, -60_000, ''],
    [60_000, -60_001, 'too_old 1'],
  ]
  for (const [windowMs, age, want] of cases) {
    const now = await open({ outOfOrderWindowMs: windowMs })
    const series = labels({ __name__: `w${windowMs}${age}` })
    harness.apply([row(series, [now, 1])])
    expect([windowMs, age, sums(harness.apply([row(series, [now + age, 1])])).refused]).toEqual([windowMs, age, want])
    await harness.store.close()
    rmSync(directory, { recursive: true, force: true })
  }
  await open()
})

test('replay obeys the verdict and no limit', async () => {
  const now = await open({ maxSeries: 1, outOfOrderWindowMs: 0 })
  const b = labels({ __name__: 'b' })
  harness.apply([row(up, [now, 1], [now, 2], [now + 1, 3]), row(b, [now, 9])])
  harness.apply([row(up, [now, 5])])
  const before = values('up')
  await harness.reopen()
  expect(values('up')).toEqual(before)
  expect(values('b')).toEqual([])
  harness.store.apply('default', batchOf([row(b, [now - 50, 9])]), harness.records.length, {
    nowMs: now,
    replay: { verdict: undefined },
  })
  expect(values('b')).toEqual([[now - 50, 9]])
})

test('delta points are summed, counted once, and go on after a restart', async () => {
  const now = await open()
  const series = labels({ __name__: 'd' })
  const point = (start: number, end: number, value: number): TestRow => ({
    labels: series,
    samples: [[now + end, value]],
    deltaStarts: [now + start],
  })
  const check = (one: TestRow, want: string): void => {
    const outcome = harness.apply([one])
    expect(`${outcome.storedSamples} ${outcome.duplicateSamples}`).toBe(want)
  }
  check(point(0, 10, 5), '1 0')
  check(point(10, 20, 2), '1 0')
  check(point(10, 20, 2), '0 1')
  check(point(30, 40, 1), '1 0')
  check(point(20, 30, 4), '1 0')
  expect(values('d')).toEqual([
    [now + 10, 5],
    [now + 20, 7],
    [now + 40, 8],
  ])
  await harness.store.seal()
  check(point(40, 50, 1), '1 0')
  await harness.reopen()
  check(point(30, 40, 1), '0 1')
  check(point(50, 60, 1), '1 0')
  expect(values('d').slice(3)).toEqual([
    [now + 50, 13],
    [now + 60, 14],
  ])
})

test('delta histograms are summed in the layout that all can have, counted once, and go on after a restart', async () => {
  const now = await open()
  const series = labels({ __name__: 'd' })
  const side = (...pairs: [number, number][]) => ({
    indexes: Int32Array.from(pairs, ([index]) => index),
    counts: Float64Array.from(pairs, ([, count]) => count),
  })
  const delta = (more: Partial<Histogram>): Histogram => ({
    schema: 1,
    resetHint: RESET_HINT.unknown,
    count: 3,
    sum: 10,
    zeroCount: 0,
    zeroThreshold: 0,
    positive: NO_BUCKETS,
    negative: NO_BUCKETS,
    customValues: NO_CUSTOM_VALUES,
    ...more,
  })
  const send = (start: number, end: number, one: Histogram, want: string): void => {
    const row = { ...histogramRow(series, [now + end, one]), histogramDeltaStarts: [now + start] }
    const outcome = harness.apply([row])
    expect(`${outcome.storedHistograms} ${outcome.duplicateSamples}`).toBe(want)
  }
  const first = delta({ positive: side([-1, 1], [3, 2]), negative: side([0, 1]), count: 4 })
  const second = delta({ schema: 0, positive: side([0, 1], [3, 1]), zeroCount: 1, zeroThreshold: 2 ** -8 })
  send(0, 10, first, '1 0')
  send(10, 20, second, '1 0')
  send(10, 20, second, '0 1')
  // Late: it shows from the next point on.
  send(30, 40, first, '1 0')
  send(20, 30, delta({ count: 1, zeroCount: 1, zeroThreshold: 0.6 }), '1 0')
  const sum = delta({
    schema: 0,
    count: 7,
    sum: 20,
    zeroCount: 1,
    zeroThreshold: 2 ** -8,
    positive: side([0, 2], [2, 2], [3, 1]),
    negative: side([0, 1]),
  })
  const third = {
    ...sum,
    count: 11,
    sum: 30,
    positive: side([0, 3], [2, 4], [3, 1]),
    negative: side([0, 2]),
  }
  expect(histogramsOf('d', now)).toEqual([
    [10, first],
    [20, sum],
    [40, third],
  ])
  await harness.store.seal()
  send(40, 50, delta({ count: 1, zeroCount: 1 }), '1 0')
  await harness.reopen()
  send(30, 40, first, '0 1')
  send(50, 60, delta({ count: 0, sum: 0 }), '1 0')
  // The widened zero bucket has taken the bucket that it would have ended in.
  const last = { ...third, count: 13, sum: 50, zeroCount: 6 + 2, zeroThreshold: 1, positive: side([2, 4], [3, 1]) }
  expect(histogramsOf('d', now).slice(3)).toEqual([
    [50, { ...last, negative: NO_BUCKETS }],
    [60, { ...last, negative: NO_BUCKETS }],
  ])
})

test('a sum of delta histograms has no more buckets than one may have, however far apart theirs are', async () => {
  const now = await open()
  const spread = (shift: number): Histogram => ({
    ...histogram(1),
    schema: 8,
    count: 300,
    zeroCount: 0,
    zeroThreshold: 0,
    positive: {
      indexes: Int32Array.from({ length: 300 }, (_, i) => (i - 150) * 1000 + shift),
      counts: new Float64Array(300).fill(1),
    },
    negative: NO_BUCKETS,
    customValues: NO_CUSTOM_VALUES,
  })
  for (let i = 0; i < 3; i++) {
    const row = { ...histogramRow(up, [now + i + 1, spread(i * 300)]), histogramDeltaStarts: [now + i] }
    expect(harness.apply([row]).storedHistograms).toBe(1)
  }
  const sums = histogramsOf('up', now).map(([, one]) => one)
  expect(sums.map(({ count, schema }) => [count, schema])).toEqual([
    [300, 8],
    [600, -2],
    [900, -2],
  ])
  for (const { count, positive } of sums) {
    expect(positive.counts.length).toBeLessThanOrEqual(320)
    expect(positive.counts.reduce((total, one) => total + one, 0)).toBe(count)
  }
})

test('a delta series that turns from numbers to histograms starts anew', async () => {
  const now = await open()
  harness.apply([{ ...row(up, [now + 1, 5]), deltaStarts: [now] }])
  const turned = { ...histogramRow(up, [now + 2, histogram(1)]), histogramDeltaStarts: [now + 1] }
  expect(harness.apply([turned]).storedHistograms).toBe(1)
  harness.apply([{ ...row(up, [now + 3, 7]), deltaStarts: [now + 2] }])
  expect(histogramsOf('up', now)).toEqual([[2, histogram(1)]])
  expect(values('up')).toEqual([
    [now + 1, 5],
    [now + 3, 7],
  ])
})

test('a refused series gets no alias, and what refused it may pass later', async () => {
  const now = await open()
  const batch = batchOf([row(up, [now, 1])])
  let outcome: LabelsOutcome = { ok: false, reason: 'missing_name', message: 'no name' }
  let parses = 0
  batch.labelsOf = () => {
    parses++
    return outcome
  }
  const apply = (offset: number) => harness.store.apply('default', batch, offset, { nowMs: now })
  expect(apply(0).refused).toEqual([{ reason: 'missing_name', count: 1, message: 'no name' }])
  outcome = { ok: true, labels: up }
  expect([apply(1).storedSamples, apply(2).duplicateSamples, parses]).toEqual([1, 1, 2])
  harness.store.startAliasEpoch()
  expect([apply(3).duplicateSamples, parses]).toEqual([1, 3])
})

test('aliases are compared byte by byte: predictions of another order only cost time', async () => {
  const now = await open()
  const rows = Array.from({ length: 3000 }, (_, i) => row(labels({ __name__: 'many', i: String(i) }), [now, i]))
  const hint = new SeriesHint()
  const send = (order: readonly TestRow[], time: number): void => {
    const moved = order.map((one) => row(one.labels, [time, (one.samples[0] as [number, number])[1]]))
    expect(harness.apply(moved, 'default', { hint }).storedSamples).toBe(order.length)
  }
  send(rows, now)
  send(rows, now + 1)
  send([...rows].reverse(), now + 2)
  send(rows.slice(500), now + 3)
  const perSeries = new Map<number, number>()
  for (const [, value] of values('many')) perSeries.set(value, (perSeries.get(value) ?? 0) + 1)
  expect([...perSeries.values()].filter((count) => count === 4).length).toBe(2500)
  expect([...perSeries.values()].filter((count) => count === 3).length).toBe(500)
})

test('a connection that changes its tenant is not answered by what it sent for another', async () => {
  const now = await open()
  const names = Array.from({ length: 6_000 }, (_, i) => labels({ __name__: 'many', i: String(i) }))
  const hint = new SeriesHint()
  const send = (tenant: string, order: readonly Labels[], time: number): ApplyOutcome => {
    const batch = batchOf(order.map((one) => row(one, [time, 1])))
    const native = new NativeBuffer()
    native.reserve(batch.bytes.length)
    native.bytes.set(batch.bytes)
    batch.bytes = native.bytes
    return harness.store.apply(tenant, batch, 0, { nowMs: now, hint })
  }
  // The memory of the order grows with what it is told, and forgets then.
  for (const after of [0, 1, 2, 3, 4]) expect(send('a', names, now + after).createdSeries).toBe(after === 0 ? 6_000 : 0)
  expect(send('b', names.slice(0, 5).reverse(), now).createdSeries).toBe(5)
  const other = send('b', names, now + 1)
  expect([other.createdSeries, other.storedSamples, other.duplicateSamples]).toEqual([5_995, 6_000, 0])
  expect(send('b', names, now + 1).duplicateSamples).toBe(6_000)
})

test('exemplars and metadata are kept, found by range, and survive seals and restarts', async () => {
  const now = await open()
  const exemplar = (timeMs: number) => ({ labels: ['trace_id', `t${timeMs}`], value: 0.5, timeMs })
  const batch = batchOf([{ ...row(up, [now, 1]), exemplars: [exemplar(now), exemplar(now), exemplar(now + 5)] }])
  batch.metadata.push({ metric: 'up', type: 'gauge', unit: '', help: 'Is it up?' })
  expect(harness.store.apply('default', batch, 0, { nowMs: now }).storedExemplars).toBe(2)
  harness.records.push({ tenant: 'default', rows: [], outcome: {} as ApplyOutcome })
  const found = (endMs: number) =>
    harness.store.reader().exemplars('default', { matchers: [], startMs: 0, endMs }, unlimitedBudget)
  for (const step of ['head', 'part', 'restart']) {
    expect([step, found(now + 9)]).toEqual([step, [{ labels: up, exemplars: [exemplar(now), exemplar(now + 5)] }]])
    expect(found(now)[0]?.exemplars.length).toBe(1)
    expect(harness.store.reader().metadata('default', 'up')).toEqual(batch.metadata)
    if (step === 'head') await harness.store.seal()
    if (step === 'part') await harness.reopen()
  }
})

test('the tap hears watched samples and every new series', async () => {
  const now = await open()
  const heard: string[] = []
  const tap = harness.store.tap('default')
  tap.onSeries = (series, all) => {
    heard.push(`series ${series} ${all[1]}`)
    if (all[1] === 'up') tap.watch(series)
  }
  tap.onSample = (series, timeMs, value) => heard.push(`sample ${series} ${timeMs - now} ${value}`)
  harness.apply([row(up, [now, 1]), row(labels({ __name__: 'down' }), [now, 2])])
  harness.apply([row(up, [now + 1, 3], [now + 1, 3])])
  expect(heard).toEqual(['series 0 up', 'series 1 down', 'sample 0 0 1', 'sample 0 1 3'])
})

test('an index that is mostly dead is rebuilt at a seal, and series come back by their labels', async () => {
  const now = await open()
  const rows = Array.from({ length: 5000 }, (_, i) => row(labels({ __name__: 'churn', i: String(i) }), [now, i]))
  harness.apply(rows)
  await harness.store.seal()
  harness.apply(rows.slice(0, 100).map((one, i) => row(one.labels, [now + 1, i])))
  expect(harness.store.stats().series).toBe(5000)
  await harness.store.seal()
  expect(harness.store.stats().series).toBe(0)
  harness.apply(rows.slice(0, 100).map((one, i) => row(one.labels, [now + 2, i])))
  expect(harness.store.stats().series).toBe(100)
  expect(values('churn').length).toBe(5200)
})

const histogram = (i: number): Histogram => randomHistogram(seededRandom(3), seededRandom(i))
const histogramRow = (series: Labels, ...histograms: (readonly [number, Histogram])[]): TestRow => ({
  ...row(series),
  histograms,
})

function histogramsOf(name: string, now: number): [number, Histogram][] {
  const matchers = [{ name: '__name__', op: '=' as const, value: name }]
  const selection = harness.store.reader().select('default', { matchers, startMs: 0, endMs: 1e14 }, unlimitedBudget)
  const out = new HistogramColumns()
  const all: [number, Histogram][] = []
  for (let i = 0; i < selection.count; i++) {
    selection.readHistograms(i, 0, 1e14, out)
    out.histograms.forEach((one, at) => {
      all.push([(out.times[at] as number) - now, one])
    })
  }
  return all
}

test('histograms obey the rules of floats: duplicates, conflicts of either kind, late ones', async () => {
  const now = await open()
  const check = (rows: TestRow[], stored: number, duplicates: number, refused: string, verdict: string): void => {
    expect(sums(harness.apply(rows))).toEqual({ stored, duplicates, refused, verdict })
  }
  check([histogramRow(up, [now, histogram(1)], [now, histogram(1)], [now, histogram(2)])], 1, 1, conflicts(1), '100')
  check([{ ...row(up, [now, 7]), histograms: [[now + 1, histogram(3)]] }], 1, 0, conflicts(1), '1')
  check([row(up, [now + 1, 7], [now + 2, 7])], 1, 0, conflicts(1), '1')
  check([histogramRow(up, [now + 2, histogram(4)], [now + 3, histogram(4)])], 1, 0, conflicts(1), '1')
  check([histogramRow(up, [now - 5, histogram(5)]), row(up, [now - 6, 1])], 2, 0, '', '')
  check([histogramRow(up, [now - 5, histogram(5)], [now - 5, histogram(6)])], 0, 1, conflicts(1), '10')
  check([row(up, [now - 5, 1]), histogramRow(up, [now - 6, histogram(6)])], 0, 0, conflicts(2), '11')
  const want = [
    [-5, histogram(5)],
    [0, histogram(1)],
    [1, histogram(3)],
    [3, histogram(4)],
  ]
  const floats = [
    [now - 6, 1],
    [now + 2, 7],
  ]
  expect([histogramsOf('up', now), values('up')]).toEqual([want, floats])
  expect(harness.store.stats()).toMatchObject({ samples: 6, histograms: 4, lateSamples: 2 })
  await harness.reopen()
  expect([histogramsOf('up', now), values('up')]).toEqual([want, floats])
  await harness.store.seal()
  expect([histogramsOf('up', now), values('up')]).toEqual([want, floats])
})

const conflicts = (count: number): string => `duplicate_timestamp ${count}`

test('histogram bits lie behind the samples in a verdict; a refused row refuses its histograms', async () => {
  const now = await open({ maxSeries: 1, maxPastMs: 1000, outOfOrderWindowMs: 500 })
  harness.apply([histogramRow(up, [now, histogram(0)])])
  const other = labels({ __name__: 'other' })
  const rows: TestRow[] = [
    { ...row(up, [now + 1, 1], [now + 2, 1]), histograms: [[now + 3, histogram(1)]] },
    { ...row(other, [now, 1]), histograms: [[now + 1, histogram(1)]] },
    histogramRow(other, [now + 1, histogram(1)]),
    histogramRow(up, [now + 700_000, histogram(2)], [now - 2000, histogram(2)], [now - 600, histogram(2)]),
    histogramRow(up, [Number.NaN, histogram(2)], [now - 400, histogram(2)]),
  ]
  const outcome = harness.apply(rows)
  expect(sums(outcome)).toEqual({
    stored: 4,
    duplicates: 0,
    refused: 'series_limit 3, too_far_in_future 1, too_old 2, invalid_value 1',
    verdict: '11110100 11',
  })
  expect(outcome.storedHistograms).toBe(2)
  const before = histogramsOf('up', now)
  expect(before.map(([time]) => time)).toEqual([-400, 0, 3])
  await harness.reopen()
  expect(histogramsOf('up', now)).toEqual(before)
  expect(histogramsOf('other', now)).toEqual([])
})

test('a histogram that no page can hold is refused at any time', async () => {
  const now = await open()
  const size = 4000
  const huge = {
    ...histogram(1),
    positive: { indexes: Int32Array.from({ length: size }, (_, i) => i * 2), counts: new Float64Array(size) },
  }
  expect(sums(harness.apply([histogramRow(up, [now, huge], [now + 1, histogram(1)])]))).toEqual({
    stored: 1,
    duplicates: 0,
    refused: 'histogram_invalid 1',
    verdict: '1',
  })
})

test('of equal times the later record wins between kinds, in replay too', async () => {
  const now = await open()
  const both = (time: number): unknown => [
    values('up').filter(([at]) => at === time),
    histogramsOf('up', time).filter(([at]) => at === 0),
  ]
  harness.apply([histogramRow(up, [now, histogram(1)], [now + 1, histogram(1)])])
  harness.apply([row(up, [now + 2, 2], [now + 3, 2])])
  await harness.store.seal()
  harness.apply([row(up, [now, 9])])
  harness.apply([histogramRow(up, [now + 2, histogram(9)])])
  const check = (step: string): void => {
    expect([step, both(now)]).toEqual([step, [[[now, 9]], []]])
    expect([step, both(now + 1)]).toEqual([step, [[], [[0, histogram(1)]]]])
    expect([step, both(now + 2)]).toEqual([step, [[], [[0, histogram(9)]]]])
    expect([step, both(now + 3)]).toEqual([step, [[[now + 3, 2]], []]])
  }
  check('part and head')
  await harness.store.seal()
  check('two parts')
  const records = [...harness.records]
  await harness.store.close()
  rmSync(directory, { recursive: true, force: true })
  await open()
  harness.records.push(...records)
  await harness.reopen()
  check('replay into one generation')
  await harness.store.seal()
  check('one part')
})

test('a batch may be empty', async () => {
  const now = await open()
  const batch = new MetricBatch()
  batch.reset()
  expect(sums(harness.store.apply('default', batch, 0, { nowMs: now }))).toEqual({
    stored: 0,
    duplicates: 0,
    refused: '',
    verdict: '',
  })
})
