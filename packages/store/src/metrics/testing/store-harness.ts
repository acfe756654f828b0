import { NodeFileSystem } from '@vantage/bytes'
import {
  type ApplyOutcome,
  type Clock,
  encodeHistogram,
  FaultError,
  type FileSystem,
  type Histogram,
  HistogramColumns,
  type Labels,
  type LogRecord,
  labelsKey,
  type Matcher,
  SampleColumns,
} from '@vantage/model'
import { unlimitedBudget } from '@vantage/model/testing'
import type { ApplyOptions } from '../head/apply.ts'
import type { HeadLimits } from '../head/head-limits.ts'
import { DEFAULT_RETENTION, type Retention } from '../retention.ts'
import { MetricStore } from '../store.ts'
import { deletionRecord, readDeletion } from '../tombstones.ts'
import { batchOf, type TestRow, type TestValue } from './batches.ts'
import { channelHost } from './channel-host.ts'

const valueScratch = new Float64Array(1)
const halfScratch = new Uint32Array(valueScratch.buffer)

/** A sample's value as text of its bits: NaN payloads and the sign of zero included. */
export function bitsOf(value: TestValue): string {
  if (typeof value !== 'number') return halvesText(value.high, value.low)
  valueScratch[0] = value
  return halvesText(halfScratch[1] as number, halfScratch[0] as number)
}

export function halvesText(high: number, low: number): string {
  return `${(high >>> 0).toString(16).padStart(8, '0')}${(low >>> 0).toString(16).padStart(8, '0')}`
}

/** A histogram as text, equal where the histograms are. */
export function histogramText(histogram: Histogram): string {
  return `h${Buffer.from(encodeHistogram(histogram)).toString('hex')}`
}

/** What `dump` writes behind a sample; nothing where the start is unknown (0). */
export function startText(startMs: number): string {
  return startMs === 0 ? '' : ` since ${startMs}`
}

/** Tests own time. */
export class TestClock implements Clock {
  wallMs = 1_700_000_000_000
  elapsedMs = 0

  nowMs(): number {
    return this.wallMs
  }

  monotonicMs(): number {
    return this.elapsedMs
  }

  advance(ms: number): void {
    this.wallMs += ms
    this.elapsedMs += ms
  }
}

/** A store with the log a test keeps for it: what is not sealed comes back by replay. */
export class StoreHarness {
  readonly directory: string
  readonly clock = new TestClock()
  readonly problems: string[] = []
  /** The log: offset = place in the list. */
  readonly records: ({ readonly tenant: string } & (
    | { readonly rows: readonly TestRow[]; readonly outcome: ApplyOutcome }
    | { readonly deletion: LogRecord }
  ))[] = []
  readonly limits: Partial<HeadLimits>
  files: FileSystem = new NodeFileSystem()
  store!: MetricStore

  readonly retention: Retention
  constructor(directory: string, limits: Partial<HeadLimits> = {}, retention: Retention = DEFAULT_RETENTION) {
    this.directory = directory
    this.limits = limits
    this.retention = retention
  }

  /** Opens the store and replays what is not sealed. */
  async open(): Promise<void> {
    this.store = await MetricStore.open({
      directory: this.directory,
      files: this.files,
      clock: this.clock,
      workers: channelHost(this.files),
      limits: this.limits,
      retention: this.retention,
      onProblem: (message) => this.problems.push(message),
    })
    for (let offset = this.store.sealedTo('metrics-raw'); offset < this.records.length; offset++) {
      const record = this.records[offset] as StoreHarness['records'][number]
      if ('deletion' in record) {
        const deletion = readDeletion(record.deletion)
        if (!deletion.ok) throw new FaultError(deletion.error)
        this.store.deleteSeries(record.tenant, deletion.value, offset)
        continue
      }
      const replay = { verdict: record.outcome.verdict }
      this.store.apply(record.tenant, batchOf(record.rows), offset, { nowMs: this.clock.nowMs(), replay })
    }
  }

  async reopen(): Promise<void> {
    await this.store.close()
    await this.open()
  }

  apply(rows: readonly TestRow[], tenant = 'default', options: Partial<ApplyOptions> = {}): ApplyOutcome {
    const merged = { nowMs: this.clock.nowMs(), ...options }
    const outcome = this.store.apply(tenant, batchOf(rows), this.records.length, merged)
    this.records.push({ tenant, rows, outcome })
    return outcome
  }

  /** As intake does it: check, apply at the record's offset, keep the record. */
  delete(matchers: readonly Matcher[], startMs: number, endMs: number, tenant = 'default'): void {
    const deletion = this.store.checkDeletion(tenant, { matchers, startMs, endMs })
    if (!deletion.ok) throw new FaultError(deletion.error)
    this.store.deleteSeries(tenant, deletion.value, this.records.length)
    this.records.push({ tenant, deletion: deletionRecord(tenant, deletion.value, this.clock.nowMs()) })
  }

  /** Ticks until upkeep finds nothing to do. */
  async settle(): Promise<void> {
    for (let i = 0; i < 20; i++) await this.store.tick({ unsealedLogBytes: 0, isMemoryShort: false })
  }

  /** All samples in the range: label key → time → bits, or a histogram's text; behind it since when it counts, if known. */
  dump(startMs = -(2 ** 50), endMs = 2 ** 50, tenant = 'default'): Map<string, Map<number, string>> {
    const selection = this.store.reader().select(tenant, { matchers: [], startMs, endMs }, unlimitedBudget)
    const out = new SampleColumns()
    const histograms = new HistogramColumns()
    const starts = new Map<number, number>()
    const all = new Map<string, Map<number, string>>()
    for (let i = 0; i < selection.count; i++) {
      selection.read(i, startMs, endMs, out)
      const samples = new Map<number, string>()
      let before = Number.NEGATIVE_INFINITY
      for (let j = 0; j < out.count; j++) {
        const time = out.times[j] as number
        if (!(time > before)) throw new Error(`times do not ascend: ${before}, ${time}`)
        before = time
        samples.set(time, halvesText(out.halves[j * 2 + 1] as number, out.halves[j * 2] as number))
      }
      selection.readHistograms(i, startMs, endMs, histograms)
      if (histograms.count > 0 && !selection.mayHaveHistograms(i)) throw new Error('histograms against the promise')
      before = Number.NEGATIVE_INFINITY
      for (let j = 0; j < histograms.count; j++) {
        const time = histograms.times[j] as number
        if (!(time > before)) throw new Error(`histogram times do not ascend: ${before}, ${time}`)
        if (samples.has(time)) throw new Error(`a float and a histogram at ${time}`)
        before = time
        samples.set(time, histogramText(histograms.histograms[j] as Histogram))
      }
      selection.readStartTimes?.(i, startMs, endMs, starts)
      for (const [time, start] of starts) {
        const text = samples.get(time)
        if (text === undefined) throw new Error(`a start time without a sample at ${time}`)
        samples.set(time, `${text}${startText(start)}`)
      }
      if (samples.size > 0) all.set(labelsKey(selection.labels(i)), samples)
    }
    return all
  }
}

export function row(labels: Labels, ...samples: (readonly [number, TestValue])[]): TestRow {
  return { labels, samples }
}
