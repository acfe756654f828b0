import { ReusableBuffer, snappyDecompress } from '@vantage/bytes'
import { RemoteWriteDecoder } from '@vantage/decode/remote-write'
import { StatsdMapper } from '@vantage/decode/statsd'
import { type Clock, err, fault, formatLabels, MetricBatch, ok } from '@vantage/model'
import { Logger, Registry } from '@vantage/observe'
import { Auth, type IntakeRequest, openReception, QuietCounts, RECEIVE_LIMITS, RecentRequests } from '@vantage/receive'
import { afterEach, expect, test } from 'vitest'
import { REPLAY_LIMITS } from './decoders.ts'
import { StatsdIntake } from './statsd-intake.ts'

const NO_CODEC = {
  partialSuccess: () => undefined,
  encodeExportResponse: () => new Uint8Array(0),
  exportResponseJson: () => '',
  encodeStatus: () => new Uint8Array(0),
  statusJson: () => '',
  isJsonBatch: () => false,
}

let closers: (() => Promise<void>)[] = []
afterEach(async () => {
  await Promise.all(closers.map((close) => close()))
  closers = []
})

/** The samples of one submitted payload, as text. */
function samplesOf({ body, bodyLength }: IntakeRequest): string[] {
  const out = new ReusableBuffer()
  const unpacked = snappyDecompress(body, 0, bodyLength, out, 2 ** 25)
  if (!unpacked.ok) throw new Error(unpacked.error.message)
  const batch = new MetricBatch()
  const decoder = new RemoteWriteDecoder()
  decoder.start(out.bytes, unpacked.value, batch)
  decoder.step(Number.POSITIVE_INFINITY, { nowMs: () => 0, monotonicMs: () => 0 })
  return Array.from({ length: batch.rowCount }, (_, row) => {
    const labels = batch.labelsOf(row)
    return `${labels.ok ? formatLabels(labels.labels) : labels.reason} ${batch.values[row]} @${batch.times[row]}`
  })
}

function open() {
  const clock: Clock = { nowMs: () => state.nowMs, monotonicMs: () => state.nowMs }
  const state = { nowMs: 1_000, isRefusing: false, pressure: 0 as 0 | 1 | 2, flushes: [] as string[][] }
  const reception = openReception({
    submit: async (request) => {
      if (state.isRefusing) return err(fault('unavailable', 'disk', { reason: 'disk' }))
      state.flushes.push(samplesOf(request))
      return ok({ items: 1, histograms: 0, exemplars: 0, refused: [], warnings: [] })
    },
    codec: NO_CODEC,
    auth: new Auth({ keys: [] }),
    limits: RECEIVE_LIMITS,
    registry: new Registry(),
    logger: new Logger(() => {}, clock),
    clock,
    random: () => 0.5,
    phase: () => 'ready',
    pressure: () => state.pressure,
    recent: new RecentRequests(),
  })
  const mapper = StatsdMapper.parse('')
  if (!mapper.ok) throw new Error(mapper.error.message)
  const intake = new StatsdIntake({
    reception,
    counts: new QuietCounts(reception.registry),
    mapper: mapper.value,
    limits: REPLAY_LIMITS,
    flushIntervalMs: 3_600_000,
    seriesMax: 20_000,
  })
  closers.push(() => intake.close())
  return Object.assign(state, { intake })
}

test('a flush that is refused loses nothing', async () => {
  const door = open()
  door.intake.line('a:2|c')
  door.isRefusing = true
  await door.intake.flush()
  door.intake.line('a:3|c')
  door.isRefusing = false
  door.pressure = 1
  await door.intake.flush()
  expect(door.flushes).toEqual([])
  door.pressure = 0
  door.nowMs = 2_000
  await door.intake.flush()
  expect(door.flushes).toEqual([['a 5 @2000']])
})

test('many series are stated in several records of one time', async () => {
  const door = open()
  for (let i = 0; i < 2_001; i++) door.intake.line(`m:1|c|#i:${i}`)
  await door.intake.flush()
  expect(door.flushes.map((samples) => samples.length)).toEqual([2_000, 1])
  expect(door.flushes[1]?.[0]).toBe('m{i="2000"} 1 @1000')
})

test('closing states what came last', async () => {
  const door = open()
  door.intake.line('a:1|g')
  closers = []
  await door.intake.close()
  expect(door.flushes).toEqual([['a 1 @1000']])
})
