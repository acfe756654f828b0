import { snappyCompress } from '@vantage/bytes'
import { readChangeEvents } from '@vantage/decode/events'
import { readExecutionRow } from '@vantage/decode/execution-log'
import { JSON_LINE_MAPPING, JsonArrayTranscoder, JsonLinesTranscoder, readJsonLine } from '@vantage/decode/json-lines'
import { MetricFamilyDecoder } from '@vantage/decode/metric-family'
import { encodeRemoteWrite } from '@vantage/decode/remote-write'
import { TextDecoder } from '@vantage/decode/text'
import {
  type Clock,
  decodeHistogram,
  err,
  type Fault,
  fault,
  type Labels,
  type LabelsOutcome,
  labelsFrom,
  MetricBatch,
  ok,
  type Refusal,
  type Result,
} from '@vantage/model'
import type { JsonLineNames, ReadPushes, ReadText, ReadTextOptions, TextCodec, TextSeries } from '@vantage/receive'
import SAMPLE from '../execution-log/logs.json' with { type: 'json' }
import type { DecoderLimits } from './decoders.ts'
import { runSliced } from './sliced.ts'

/** The main thread is held so long before others may run. */
const SLICE_MS = 5
/** Rows between two looks at the clock. */
const ROWS_PER_CLOCK_READ = 64
const SAMPLE_EXECUTIONS = Buffer.from(JSON.stringify(SAMPLE))
/** Times are whole milliseconds: a sample with this one brought none. */
const NO_TIME = 0.5

/** Expositions whose series get labels on the way in (imports with parameters, pushes): read whole, logged as remote write. */
export function textCodec(limits: DecoderLimits, clock: Clock): TextCodec {
  return {
    read: (body, length, options) => readText(body, length, options, limits, clock),
    readJsonLines: (body, length, names) => readJsonLines(body, length, names, clock),
    readEvents,
    readExecutions: (body, length) => readExecutions(body, length, clock),
    sampleExecutions: () => SAMPLE_EXECUTIONS,
    encode: (series, metadata) => snappyCompress(encodeRemoteWrite(series, metadata)),
  }
}

async function readText(
  body: Uint8Array,
  length: number,
  options: ReadTextOptions,
  limits: DecoderLimits,
  clock: Clock,
): Promise<Result<ReadText, Fault>> {
  const batch = new MetricBatch()
  const { grammar, mode, samplesMax } = options
  const decoder =
    grammar === 'protobuf'
      ? new MetricFamilyDecoder({ histograms: 'both', limits })
      : new TextDecoder({ grammar, mode, limits })
  decoder.start(body, length, batch, NO_TIME)
  let outcome = decoder.step(clock.monotonicMs() + SLICE_MS, clock)
  while (outcome === 'more' && batch.rowCount <= samplesMax) {
    await giveWay()
    outcome = decoder.step(clock.monotonicMs() + SLICE_MS, clock)
  }
  if (batch.rowCount > samplesMax) {
    return err(fault('too_large', `want at most ${samplesMax} samples in one such request, got more`))
  }
  if (outcome !== 'done') return err(outcome as Fault)
  return seriesOf(batch, options, clock)
}

function readEvents(body: Uint8Array, length: number): Result<ReadPushes, Fault> {
  const found = readChangeEvents(body, length)
  if (!found.ok) return found
  const { push, refused } = found.value
  return ok({ pushes: push === undefined ? [] : [push], refused })
}

async function readJsonLines(
  body: Uint8Array,
  length: number,
  names: JsonLineNames,
  clock: Clock,
): Promise<Result<ReadPushes, Fault>> {
  const { streamName } = names
  const transcoder = streamName === undefined ? new JsonLinesTranscoder() : new JsonArrayTranscoder()
  const mapping = {
    message: names.message.length > 0 ? names.message : JSON_LINE_MAPPING.message,
    time: names.time.length > 0 ? names.time : JSON_LINE_MAPPING.time,
    stream: names.stream,
    ...(streamName === undefined ? {} : { streamName }),
  }
  transcoder.start(body, length, (text) => readJsonLine(text, mapping))
  const problem = await runSliced(transcoder, clock)
  if (problem !== undefined) return err(problem)
  return ok({ pushes: transcoder.pushes, refused: transcoder.refused })
}

async function readExecutions(body: Uint8Array, length: number, clock: Clock): Promise<Result<ReadPushes, Fault>> {
  const transcoder = new JsonArrayTranscoder()
  transcoder.start(body, length, readExecutionRow)
  const problem = await runSliced(transcoder, clock)
  if (problem !== undefined) return err(problem)
  return ok({ pushes: transcoder.pushes, refused: transcoder.refused })
}

async function seriesOf(batch: MetricBatch, options: ReadTextOptions, clock: Clock): Promise<Result<ReadText, Fault>> {
  const series: TextSeries[] = []
  const refused: Refusal[] = [...batch.refused]
  const exemplars = Map.groupBy(batch.exemplars, ({ row }) => row)
  const histograms = new Map<number, number>()
  for (let at = 0; at < batch.histogramCount; at++) histograms.set(batch.histogramRows[at] as number, at)
  let deadlineMs = clock.monotonicMs() + SLICE_MS
  for (let row = 0; row < batch.rowCount; row++) {
    if (row % ROWS_PER_CLOCK_READ === 0 && clock.monotonicMs() >= deadlineMs) {
      await giveWay()
      deadlineMs = clock.monotonicMs() + SLICE_MS
    }
    const labels = withLabels(batch.labelsOf(row), options.labels)
    const problem = labels.ok ? undefined : labels
    if (problem !== undefined && options.mode === 'scrape') {
      return err(fault('bad_request', problem.message, { reason: problem.reason }))
    }
    if (!labels.ok) {
      refused.push({ reason: labels.reason, count: 1, message: labels.message })
      continue
    }
    const histogram = histograms.get(row)
    const at = histogram ?? (batch.sampleFrom[row] as number)
    const ownMs = (histogram === undefined ? batch.times : batch.histogramTimes)[at] as number
    if (ownMs !== NO_TIME && !options.takesTimes) {
      return err(fault('bad_request', 'want samples without a timestamp: they get the time of the push'))
    }
    const timeMs = ownMs === NO_TIME ? options.timeMs : ownMs
    const sample = histogram === undefined ? floatAt(batch, at, timeMs) : histogramAt(batch, at, timeMs)
    series.push({ labels: labels.labels, ...sample, exemplars: exemplarsOf(exemplars.get(row), options) })
  }
  return ok({ series, metadata: batch.metadata, refused: summed(refused), warnings: batch.warnings })
}

function floatAt(batch: MetricBatch, at: number, timeMs: number): Omit<TextSeries, 'labels'> {
  return { times: [timeMs], values: batch.values.slice(at, at + 1), startTimes: batch.startTimes?.slice(at, at + 1) }
}

function histogramAt(batch: MetricBatch, at: number, timeMs: number): Omit<TextSeries, 'labels'> {
  const histogram = decodeHistogram(batch.histogramBytes, batch.histogramFrom[at])
  const startMs = batch.histogramStartTimes?.[at] ?? 0
  return { times: [], values: new Float64Array(0), histograms: [{ timeMs, histogram, startMs }] }
}

function exemplarsOf(found: MetricBatch['exemplars'] | undefined, { timeMs }: ReadTextOptions) {
  return (found ?? []).map(({ exemplar }) => (exemplar.timeMs === NO_TIME ? { ...exemplar, timeMs } : exemplar))
}

function withLabels(outcome: LabelsOutcome, more: ReadTextOptions['labels']): LabelsOutcome {
  if (!outcome.ok || more.length === 0) return outcome
  return { ok: true, labels: labelsFrom([...pairsOf(outcome.labels), ...more]) }
}

function pairsOf(labels: Labels): [string, string][] {
  const pairs: [string, string][] = []
  for (let i = 0; i < labels.length; i += 2) pairs.push([labels[i] as string, labels[i + 1] as string])
  return pairs
}

/** One entry a reason, with its first message. */
function summed(refused: readonly Refusal[]): Refusal[] {
  const byReason = Map.groupBy(refused, ({ reason }) => reason)
  return [...byReason].map(([reason, all]) => {
    const count = all.reduce((sum, one) => sum + one.count, 0)
    return { reason, count, message: (all[0] as Refusal).message }
  })
}

function giveWay(): Promise<void> {
  return new Promise((resume) => setImmediate(resume))
}
