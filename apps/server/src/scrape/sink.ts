import { snappyCompress } from '@vantage/bytes'
import { MetricFamilyDecoder } from '@vantage/decode/metric-family'
import { encodeLabels, RemoteWriteEncoder } from '@vantage/decode/remote-write'
import { TextDecoder } from '@vantage/decode/text'
import {
  type Clock,
  DEFAULT_TENANT,
  decodeHistogram,
  type Exemplar,
  labelsFrom,
  MetricBatch,
  type MetricMetadata,
  PAYLOAD_ENCODINGS,
  PAYLOAD_FORMATS,
  STALE_HIGH,
  STALE_LOW,
} from '@vantage/model'
import {
  expositionForm,
  type LabelMap,
  relabel,
  type Scrape,
  type ScrapeSink,
  type StoredScrape,
  type SubmitIntake,
  type Target,
} from '@vantage/receive'
import type { DecoderLimits } from '../intake/decoders.ts'

/** A parser may hold the main thread so long before it lets others run. */
const SLICE_MS = 5
/** Scrapes after which a series that came no more is forgotten. */
const FORGET_AFTER_SCRAPES = 10
/** Metrics of one target whose metadata is remembered. */
const METADATA_MAX = 10_000
const NEVER = -1
const REPORT_NAMES = [
  'up',
  'scrape_duration_seconds',
  'scrape_samples_scraped',
  'scrape_samples_post_metric_relabeling',
  'scrape_series_added',
] as const

export interface ScrapeIntakeOptions {
  readonly submit: SubmitIntake
  readonly clock: Clock
  readonly limits: DecoderLimits
  /** `scrape.maxSamples`. */
  readonly maxSamples: number
}

/** One series as a target sends it and what becomes of it. */
interface SentSeries {
  /** Label fields of remote write; undefined where relabelling drops the series. */
  readonly labels: Uint8Array | undefined
  /** Number of the scrape that last held it. */
  seen: number
  /** Its samples bring their own time: it does not end with a scrape that lacks it. */
  isTimed: boolean
}

/** What is known of a target between two scrapes. */
class TargetMemory {
  /** By the bytes of `name{labels}` as sent. */
  readonly series = new Map<string, SentSeries>()
  /** Series of the last scrape, which end where the next one lacks them. */
  current: SentSeries[] = []
  readonly metadata = new Map<string, MetricMetadata>()
  readonly report: readonly Uint8Array[]
  scrapes = 0

  constructor(target: Target) {
    this.report = REPORT_NAMES.map((name) => encodeLabels(labelsFrom([['__name__', name], ...target.labels])))
  }

  forgetOld(): void {
    if (this.scrapes % FORGET_AFTER_SCRAPES !== 0) return
    for (const [key, one] of this.series) if (this.scrapes - one.seen > FORGET_AFTER_SCRAPES) this.series.delete(key)
  }
}

/**
 * Turns scrapes into remote-write requests of this server to itself, so that one path logs, stores and replays them.
 * Source: Prometheus documentation, "Automatically generated labels and time series"; staleness as scrape/scrape.go.
 */
export class ScrapeIntake implements ScrapeSink {
  readonly #options: ScrapeIntakeOptions
  readonly #memories = new Map<string, TargetMemory>()
  readonly #encoder = new RemoteWriteEncoder()
  readonly #scratch = new Float64Array(1)
  readonly #halves = new Uint32Array(this.#scratch.buffer)

  constructor(options: ScrapeIntakeOptions) {
    this.#options = options
  }

  async store(target: Target, scrape: Scrape): Promise<StoredScrape> {
    const memory = this.#memoryOf(target)
    memory.scrapes++
    const parsed = 'body' in scrape.outcome ? await this.#parse(target, memory, scrape) : scrape.outcome.problem
    const isUp = typeof parsed !== 'string'
    // Encoded in one turn: the encoder is shared by all targets.
    const before = memory.current
    memory.current = []
    const added = isUp ? this.#writeSamples(memory, parsed, scrape.timeMs) : 0
    for (const one of before) if (one.seen !== memory.scrapes || !isUp) this.#writeStale(one.labels, scrape.timeMs)
    const samples = isUp ? parsed.batch.sampleCount + parsed.batch.histogramCount : 0
    const figures = [isUp ? 1 : 0, scrape.durationMs / 1000, samples, isUp ? parsed.kept : 0, added]
    for (const [i, value] of figures.entries()) this.#writeValue(memory.report[i] as Uint8Array, scrape.timeMs, value)
    memory.forgetOld()
    const problem = (await this.#submit(memory, target)) ?? (isUp ? undefined : parsed)
    return { samples, problem }
  }

  metadata(target: Target): readonly MetricMetadata[] {
    return [...(this.#memories.get(target.id)?.metadata.values() ?? [])]
  }

  async end(target: Target, timeMs: number): Promise<void> {
    const memory = this.#memories.get(target.id)
    if (memory === undefined) return
    this.#memories.delete(target.id)
    for (const one of memory.current) this.#writeStale(one.labels, timeMs)
    for (const labels of memory.report) this.#writeStale(labels, timeMs)
    await this.#submit(memory, target)
  }

  #memoryOf(target: Target): TargetMemory {
    let memory = this.#memories.get(target.id)
    if (memory === undefined) {
      memory = new TargetMemory(target)
      this.#memories.set(target.id, memory)
    }
    return memory
  }

  /** @returns the parsed body with the series of its rows, or why the scrape fails as a whole */
  async #parse(target: Target, memory: TargetMemory, scrape: Scrape): Promise<ParsedScrape | string> {
    const { body, contentType } = (scrape.outcome as Extract<Scrape['outcome'], { body: unknown }>).body
    const { clock, limits, maxSamples } = this.#options
    const decoder = decoderOf(target, contentType, limits)
    const batch = new MetricBatch()
    decoder.start(body, body.length, batch, scrape.timeMs)
    for (;;) {
      const outcome = decoder.step(clock.monotonicMs() + SLICE_MS, clock)
      if (outcome === 'done') break
      if (outcome !== 'more') return outcome.message
      await new Promise((resume) => setImmediate(resume))
    }
    const rows: SentSeries[] = new Array(batch.rowCount)
    const text = Buffer.from(batch.bytes.buffer, batch.bytes.byteOffset, batch.bytes.byteLength)
    let kept = 0
    for (let row = 0; row < batch.rowCount; row++) {
      const key = text.toString('latin1', batch.aliasStart[row], batch.aliasEnd[row])
      let series = memory.series.get(key)
      if (series === undefined) {
        const made = makeSeries(target, batch, row)
        if (typeof made === 'string') return made
        series = made
        memory.series.set(key, series)
      }
      rows[row] = series
      if (series.labels !== undefined) kept++
    }
    const limit = target.job.sampleLimit > 0 ? Math.min(target.job.sampleLimit, maxSamples) : maxSamples
    if (kept > limit) return `want at most ${limit} samples (sample_limit, scrape.maxSamples), got ${kept}`
    return {
      batch,
      rows,
      kept,
      honorsTimestamps: target.job.honorsTimestamps,
      tracksTimed: target.job.tracksTimestampsStaleness,
    }
  }

  /** @returns how many series the scrape before did not hold */
  #writeSamples(memory: TargetMemory, parsed: ParsedScrape, scrapeMs: number): number {
    const { batch, rows } = parsed
    const exemplars = new RowExemplars(batch)
    let added = 0
    let histogram = 0
    for (let row = 0; row < batch.rowCount; row++) {
      const series = rows[row] as SentSeries
      const isHistogram = histogram < batch.histogramCount && batch.histogramRows[histogram] === row
      const at = isHistogram ? histogram++ : (batch.sampleFrom[row] as number)
      if (series.labels === undefined) continue
      const ownMs = (isHistogram ? batch.histogramTimes : batch.times)[at] as number
      const timeMs = parsed.honorsTimestamps ? ownMs : scrapeMs
      if (isHistogram) this.#writeHistogram(series.labels, timeMs, batch, at, exemplars.of(row))
      else this.#writeSample(series.labels, timeMs, batch, at, exemplars.of(row))
      if (series.seen === memory.scrapes) continue
      if (series.seen !== memory.scrapes - 1) added++
      series.seen = memory.scrapes
      series.isTimed = timeMs !== scrapeMs
      if (!series.isTimed || parsed.tracksTimed) memory.current.push(series)
    }
    for (const entry of batch.metadata) this.#writeMetadata(memory, entry)
    return added
  }

  #writeSample(
    labels: Uint8Array,
    timeMs: number,
    batch: MetricBatch,
    at: number,
    exemplars: readonly Exemplar[],
  ): void {
    const low = batch.halves[at * 2] as number
    const high = batch.halves[at * 2 + 1] as number
    this.#encoder.series(labels, timeMs, low, high, exemplars, batch.startTimes?.[at] ?? 0)
  }

  #writeHistogram(
    labels: Uint8Array,
    timeMs: number,
    batch: MetricBatch,
    at: number,
    exemplars: readonly Exemplar[],
  ): void {
    const histogram = decodeHistogram(batch.histogramBytes, batch.histogramFrom[at])
    const startMs = batch.histogramStartTimes?.[at] ?? 0
    this.#encoder.histogram(labels, { timeMs, histogram, startMs }, exemplars)
  }

  /** Metadata travels when it is new or has changed. */
  #writeMetadata(memory: TargetMemory, entry: MetricMetadata): void {
    const known = memory.metadata.get(entry.metric)
    if (known?.type === entry.type && known.unit === entry.unit && known.help === entry.help) return
    // Names that change with every scrape must not pile up.
    if (known === undefined && memory.metadata.size === METADATA_MAX) memory.metadata.clear()
    memory.metadata.set(entry.metric, entry)
    this.#encoder.metadata(entry)
  }

  #writeValue(labels: Uint8Array, timeMs: number, value: number): void {
    this.#scratch[0] = value
    this.#encoder.series(labels, timeMs, this.#halves[0] as number, this.#halves[1] as number)
  }

  #writeStale(labels: Uint8Array | undefined, timeMs: number): void {
    if (labels !== undefined) this.#encoder.series(labels, timeMs, STALE_LOW, STALE_HIGH)
  }

  /** @returns why nothing was stored, or undefined */
  async #submit(memory: TargetMemory, target: Target): Promise<string | undefined> {
    const body = snappyCompress(this.#encoder.finish())
    const outcome = await this.#options.submit({
      tenant: DEFAULT_TENANT,
      receiver: 'scrape',
      sender: `job ${target.job.name}`,
      format: PAYLOAD_FORMATS.remoteWriteV1Snappy,
      encoding: PAYLOAD_ENCODINGS.snappyBlock,
      raw: body,
      body,
      bodyLength: body.length,
      connection: memory,
    })
    return outcome.ok ? undefined : outcome.error.message
  }
}

interface ParsedScrape {
  readonly batch: MetricBatch
  readonly rows: readonly SentSeries[]
  /** Samples that relabelling leaves. */
  readonly kept: number
  readonly honorsTimestamps: boolean
  readonly tracksTimed: boolean
}

const NO_EXEMPLARS: readonly Exemplar[] = []

/** The exemplars of a batch by row. */
class RowExemplars {
  readonly #byRow: ReadonlyMap<number, readonly Exemplar[]>

  constructor(batch: MetricBatch) {
    const byRow = new Map<number, Exemplar[]>()
    for (const { row, exemplar } of batch.exemplars) {
      const known = byRow.get(row)
      if (known === undefined) byRow.set(row, [exemplar])
      else known.push(exemplar)
    }
    this.#byRow = byRow
  }

  of(row: number): readonly Exemplar[] {
    return this.#byRow.get(row) ?? NO_EXEMPLARS
  }
}

function decoderOf(target: Target, contentType: string, limits: DecoderLimits): TextDecoder | MetricFamilyDecoder {
  const { fallbackProtocol, histograms } = target.job
  const form = expositionForm(contentType, fallbackProtocol)
  if (form === 'protobuf') return new MetricFamilyDecoder({ histograms, limits })
  return new TextDecoder({ grammar: form === 'openmetrics' ? 'openmetrics' : 'prometheus', mode: 'scrape', limits })
}

/** The labels of a series met for the first time. @returns why the scrape fails instead */
function makeSeries(target: Target, batch: MetricBatch, row: number): SentSeries | string {
  const own = batch.labelsOf(row)
  if (!own.ok) return own.message
  const labels: LabelMap = new Map()
  for (let i = 0; i < own.labels.length; i += 2) labels.set(own.labels[i] as string, own.labels[i + 1] as string)
  addTargetLabels(labels, target)
  const isKept = relabel(labels, target.job.metricRelabelRules)
  if (!isKept) return { labels: undefined, seen: NEVER, isTimed: false }
  for (const name of [...labels.keys()]) if (name.startsWith('__') && name !== '__name__') labels.delete(name)
  if (!labels.has('__name__')) return 'want a metric name after metric_relabel_configs, got none'
  const { labelLimit } = target.job
  if (labelLimit > 0 && labels.size > labelLimit)
    return `want at most ${labelLimit} labels (label_limit), got ${labels.size}`
  return { labels: encodeLabels(labelsFrom([...labels])), seen: NEVER, isTimed: false }
}

/** Labels of the target win over those of the body, which are kept with `exported_` in front, unless they are honoured. */
function addTargetLabels(labels: LabelMap, target: Target): void {
  for (const [name, value] of target.labels) {
    const own = labels.get(name)
    if (own === undefined) labels.set(name, value)
    else if (!target.job.honorsLabels) {
      let exported = `exported_${name}`
      while (labels.has(exported) || target.labels.has(exported)) exported = `exported_${exported}`
      labels.set(exported, own)
      labels.set(name, value)
    }
  }
}
