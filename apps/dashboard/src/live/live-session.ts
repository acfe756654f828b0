import type { LiveMessage, LiveSeries } from '@vantage/api/client'
import { unitOf } from '@vantage/charts'
import { METRIC_NAME } from '@vantage/model'
import type { CatalogueMetric } from '../explore/catalogue.ts'
import { LiveChart, LiveLine, lineKey } from './live-chart.ts'
import { isCounter } from './rate-step.ts'
import { type FromWorker, SAMPLE_FLOATS, type ToWorker } from './worker-messages.ts'

/** How far back the server is asked, and the page keeps, ms. */
const BACKFILL_MS = 300_000
/** Series of one page. */
const LIVE_SERIES_MAX = 400

export type Connection = 'connecting' | 'open' | 'lost'

/** What changes rarely and is shown in words; samples are not part of it. */
export interface LiveFacts {
  readonly connection: Connection
  readonly charts: readonly LiveChart[]
  readonly hosts: readonly string[]
  readonly isTruncated: boolean
  readonly failure: string | undefined
  /** When the last sample came, server time; 0 before the first. */
  readonly lostSinceMs: number
  readonly dropped: number
}

const NO_FACTS: LiveFacts = {
  connection: 'connecting',
  charts: [],
  hosts: [],
  isTruncated: false,
  failure: undefined,
  lostSinceMs: 0,
  dropped: 0,
}

/**
 * One subscription with all its data. The worker owns the socket; here its batches go into ring buffers.
 * Facts change when series come, the connection changes or samples are lost, never per sample.
 */
export class LiveSession {
  readonly #worker: Worker
  readonly #metrics: ReadonlyMap<string, CatalogueMetric>
  readonly #listeners = new Set<() => void>()
  readonly #lineOfRef = new Map<number, LiveLine>()
  readonly #lineOfKey = new Map<string, LiveLine>()
  readonly #chartOfMetric = new Map<string, LiveChart>()
  #facts = NO_FACTS
  /** Server clock − monotonic clock of the page, ms. */
  #clockOffsetMs = Date.now() - performance.now()
  #lastSampleMs = 0
  samplesTaken = 0

  constructor(matchers: string, metrics: readonly CatalogueMetric[]) {
    this.#metrics = new Map(metrics.map((one) => [one.name, one]))
    this.#worker = new Worker(LIVE_WORKER_URL, { type: 'module' })
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#receive(data)
    const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:'
    this.#send({
      kind: 'connect',
      url: `${scheme}//${location.host}/ws`,
      subscribe: { type: 'subscribe', id: 1, matchers, windowMs: BACKFILL_MS, maxSeries: LIVE_SERIES_MAX },
    })
  }

  close(): void {
    this.#send({ kind: 'close' })
    this.#worker.terminate()
    this.#listeners.clear()
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly facts = (): LiveFacts => this.#facts

  /** The server's clock, unix ms. */
  nowMs(): number {
    return performance.now() + this.#clockOffsetMs
  }

  #send(message: ToWorker, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer)
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case 'open':
        this.#change({ connection: 'open', failure: undefined })
        return
      case 'lost':
        this.#change({ connection: 'lost', lostSinceMs: this.#facts.lostSinceMs || this.#lastSampleMs })
        return
      case 'message':
        this.#take(message.message)
        return
      case 'samples':
        this.#takeSamples(message.batch, message.count)
    }
  }

  #takeSamples(batch: Float64Array<ArrayBuffer>, count: number): void {
    for (let i = 0, at = 0; i < count; i++, at += SAMPLE_FLOATS) {
      const line = this.#lineOfRef.get(batch[at] as number)
      const timeMs = batch[at + 1] as number
      if (line !== undefined) line.push(timeMs, batch[at + 2] as number)
      if (timeMs > this.#lastSampleMs) this.#lastSampleMs = timeMs
    }
    this.samplesTaken += count
    this.#send({ kind: 'recycle', batch }, [batch.buffer])
  }

  #take(message: LiveMessage): void {
    switch (message.type) {
      case 'subscribed':
        this.#clockOffsetMs = message.nowMs - performance.now()
        this.#lineOfRef.clear()
        this.#addSeries(message.series)
        this.#backfill(message)
        this.#change({ isTruncated: message.isTruncated, lostSinceMs: 0, failure: undefined, ...this.#structure() })
        return
      case 'series':
        this.#addSeries(message.series)
        this.#change(this.#structure())
        return
      case 'gap':
        this.#addGap(message.fromMs, message.toMs)
        this.#change({ dropped: this.#facts.dropped + message.dropped })
        return
      case 'error':
        this.#change({ failure: message.canRetry ? `${message.message}. Trying again by itself.` : message.message })
    }
  }

  #addSeries(series: readonly LiveSeries[]): void {
    for (const { ref, labels } of series) {
      const key = lineKey(labels)
      let line = this.#lineOfKey.get(key)
      if (line === undefined) {
        const chart = this.#chartOf(labels[METRIC_NAME] ?? '')
        line = new LiveLine(key, labels, chart.isRate)
        chart.lines.push(line)
        this.#lineOfKey.set(key, line)
      }
      this.#lineOfRef.set(ref, line)
    }
  }

  #chartOf(metric: string): LiveChart {
    const known = this.#chartOfMetric.get(metric)
    if (known !== undefined) return known
    const stem = metric.replace(/_(bucket|sum|count)$/, '')
    const info = this.#metrics.get(metric) ?? this.#metrics.get(stem)
    const isRate = isCounter(metric, info?.name === metric ? info.type : '')
    const chart = new LiveChart(metric, unitOf(metric, info?.unit ?? '', isRate), isRate)
    this.#chartOfMetric.set(metric, chart)
    return chart
  }

  /** What a lost connection missed is filled in; what the server no longer has is hatched. */
  #backfill({ backfill, nowMs }: Extract<LiveMessage, { type: 'subscribed' }>): void {
    const lostMs = this.#facts.lostSinceMs
    let firstMs = Number.POSITIVE_INFINITY
    for (const { ref, timesMs, values } of backfill) {
      const line = this.#lineOfRef.get(ref)
      if (line === undefined) continue
      for (let i = 0; i < timesMs.length; i++) {
        const timeMs = timesMs[i] as number
        if (timeMs > lostMs && timeMs < firstMs) firstMs = timeMs
        line.push(timeMs, values[i] as number)
        if (timeMs > this.#lastSampleMs) this.#lastSampleMs = timeMs
      }
    }
    const usualMs = Math.max(1_000, ...[...this.#lineOfKey.values()].map(({ ring }) => ring.joinMs))
    if (lostMs > 0 && Math.min(firstMs, nowMs) - lostMs > usualMs) this.#addGap(lostMs, Math.min(firstMs, nowMs))
    for (const chart of this.#chartOfMetric.values()) chart.strip?.invalidate()
  }

  #addGap(fromMs: number, toMs: number): void {
    for (const chart of this.#chartOfMetric.values()) chart.strip?.addGap(fromMs, toMs)
  }

  #structure(): Pick<LiveFacts, 'charts' | 'hosts'> {
    const hosts = new Set<string>()
    for (const { labels } of this.#lineOfKey.values()) if (labels['instance']) hosts.add(labels['instance'])
    return { charts: [...this.#chartOfMetric.values()], hosts: [...hosts].sort() }
  }

  #change(change: Partial<LiveFacts>): void {
    this.#facts = { ...this.#facts, ...change }
    for (const listener of this.#listeners) listener()
  }
}
