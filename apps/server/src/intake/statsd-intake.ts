import { snappyCompress } from '@vantage/bytes'
import { encodeRemoteWrite, type SeriesToWrite } from '@vantage/decode/remote-write'
import {
  type FlushedSeries,
  readStatsdLine,
  StatsdAggregator,
  type StatsdMapper,
  type StatsdSink,
} from '@vantage/decode/statsd'
import { DEFAULT_TENANT, type MetricMetadata, PAYLOAD_ENCODINGS, PAYLOAD_FORMATS } from '@vantage/model'
import type { QuietCounts, Reception } from '@vantage/receive'
import type { DecoderLimits } from './decoders.ts'

const RECEIVER = 'statsd'
/** Series of one log record, more or less: some 5 ms of work. */
const SERIES_PER_RECORD = 2_000

export interface StatsdIntakeOptions {
  readonly reception: Reception
  readonly counts: QuietCounts
  readonly mapper: StatsdMapper
  readonly limits: DecoderLimits
  readonly flushIntervalMs: number
  readonly seriesMax: number
}

/**
 * StatsD's lines on their way into the store: aggregated here, stated every flush as a sender of remote write would.
 * A flush that is refused loses nothing: counters and timers are cumulative, the next one states them again.
 */
export class StatsdIntake {
  readonly #options: StatsdIntakeOptions
  readonly #aggregator: StatsdAggregator
  readonly #sink: StatsdSink
  readonly #timer: NodeJS.Timeout
  #flushing: Promise<void> | undefined

  constructor(options: StatsdIntakeOptions) {
    const { counts, mapper, limits, seriesMax, reception } = options
    this.#options = options
    this.#aggregator = new StatsdAggregator({
      mapper,
      limits,
      seriesMax,
      onRefused: (reason) => counts.dropped.add(1, RECEIVER, reason),
    })
    this.#sink = {
      event: (event) => this.#aggregator.add(event, reception.clock.nowMs()),
      problem: (problem) => counts.dropped.add(1, RECEIVER, problem),
    }
    this.#timer = setInterval(() => void this.flush(), options.flushIntervalMs)
  }

  get entryCount(): number {
    return this.#aggregator.entryCount
  }

  line(text: string): void {
    readStatsdLine(text, this.#sink)
  }

  /** One flush at a time. */
  flush(): Promise<void> {
    this.#flushing ??= this.#store().finally(() => {
      this.#flushing = undefined
    })
    return this.#flushing
  }

  /** After the door is closed and before the store is: states what came last. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#flushing
    await this.flush()
  }

  async #store(): Promise<void> {
    const { reception } = this.#options
    if (reception.phase() === 'starting' || reception.pressure() > 0) return
    const nowMs = reception.clock.nowMs()
    for (const { series, metadata } of this.#aggregator.flush(nowMs, SERIES_PER_RECORD)) {
      await this.#submit(series, metadata, nowMs)
    }
  }

  async #submit(series: readonly FlushedSeries[], metadata: readonly MetricMetadata[], timeMs: number): Promise<void> {
    const { reception } = this.#options
    const rows: SeriesToWrite[] = series.map(({ labels, values }) => ({ labels, times: [timeMs], values }))
    const body = snappyCompress(encodeRemoteWrite(rows, metadata))
    const startedMonotonicMs = reception.clock.monotonicMs()
    const visit = {
      signal: 'metrics' as const,
      receiver: RECEIVER,
      tenant: DEFAULT_TENANT,
      startedMonotonicMs,
      wireBytes: body.length,
    }
    const outcome = await reception.submit({
      tenant: DEFAULT_TENANT,
      receiver: RECEIVER,
      format: PAYLOAD_FORMATS.remoteWriteV1Snappy,
      encoding: PAYLOAD_ENCODINGS.snappyBlock,
      raw: body,
      body,
      bodyLength: body.length,
      connection: this,
    })
    if (outcome.ok) reception.counts.accepted(visit, outcome.value)
    else reception.counts.refused(visit, outcome.error)
  }
}
