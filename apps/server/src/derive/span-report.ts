import { snappyCompress } from '@vantage/bytes'
import { encodeRemoteWrite } from '@vantage/decode/remote-write'
import {
  type Clock,
  type CompiledMatcher,
  PAYLOAD_ENCODINGS,
  PAYLOAD_FORMATS,
  type SpanBatch,
  type TenantId,
} from '@vantage/model'
import type { Logger } from '@vantage/observe'
import type { SubmitIntake } from '@vantage/receive'
import type { DerivedMetrics } from './derived-metrics.ts'
import { type Sender, sendersOf, takesSender } from './sender.ts'
import { SERVICE_GRAPH_METADATA, ServiceGraph } from './service-graph.ts'
import { SPAN_METRICS_METADATA, SpanMetrics } from './span-metrics.ts'

const RECEIVER = 'spans'
/** Series of one log record, more or less: some 5 ms of work. */
const SERIES_PER_RECORD = 2_000
const TENANTS_MAX = 1_000

export interface SpanReportOptions {
  readonly submit: SubmitIntake
  readonly clock: Clock
  readonly logger: Logger
  readonly intervalMs: number
  readonly isShedding: () => boolean
  /** 32 random bits. */
  readonly newSeed: () => number
  /** What the configuration derives from rows, stated with the rest. */
  readonly derived: DerivedMetrics
}

/**
 * What spans say as metrics: counted as they come in, stated every so often through the product's own path, like any
 * other sender. Everything is cumulative, so that a statement that is refused loses nothing.
 */
export class SpanReport {
  readonly #options: SpanReportOptions
  readonly #tenants = new Map<TenantId, { readonly metrics: SpanMetrics; readonly graph: ServiceGraph }>()
  readonly #timer: NodeJS.Timeout
  #reporting: Promise<void> | undefined

  constructor(options: SpanReportOptions) {
    this.#options = options
    this.#timer = setInterval(() => void this.report(), options.intervalMs)
  }

  /** Spans that were stored; not those of a replay, which were counted when they came. */
  add(tenant: TenantId, batch: SpanBatch): void {
    let own = this.#tenants.get(tenant)
    if (own === undefined) {
      if (this.#tenants.size >= TENANTS_MAX) return
      own = { metrics: new SpanMetrics(), graph: new ServiceGraph(this.#options.newSeed()) }
      this.#tenants.set(tenant, own)
    }
    const senders = sendersOf(batch)
    own.metrics.add(batch, senders)
    own.graph.add(batch, this.#options.clock.nowMs(), senders)
  }

  /** Spans were deleted: what was counted of senders that all matchers take is over, too. */
  forget(tenant: TenantId, matchers: readonly CompiledMatcher[]): void {
    const own = this.#tenants.get(tenant)
    const isGone = (sender: Sender): boolean => takesSender(matchers, sender)
    own?.metrics.forget(isGone)
    own?.graph.forget(isGone)
  }

  /** One statement at a time. */
  report(): Promise<void> {
    this.#reporting ??= this.#reportAll().finally(() => {
      this.#reporting = undefined
    })
    return this.#reporting
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.report()
  }

  async #reportAll(): Promise<void> {
    if (this.#options.isShedding()) return
    const { clock, derived } = this.#options
    for (const tenant of new Set([...this.#tenants.keys(), ...derived.tenants])) {
      const nowMs = clock.nowMs()
      const own = this.#tenants.get(tenant)
      const ofSpans = own === undefined ? [] : [...own.metrics.series(nowMs), ...own.graph.series(nowMs)]
      const series = [...ofSpans, ...derived.series(tenant, nowMs)]
      for (let at = 0; at < series.length; at += SERIES_PER_RECORD) {
        const metadata = at === 0 ? [...SPAN_METRICS_METADATA, ...SERVICE_GRAPH_METADATA] : []
        await this.#send(tenant, snappyCompress(encodeRemoteWrite(series.slice(at, at + SERIES_PER_RECORD), metadata)))
      }
    }
  }

  async #send(tenant: TenantId, body: Uint8Array): Promise<void> {
    const outcome = await this.#options.submit({
      tenant,
      receiver: RECEIVER,
      format: PAYLOAD_FORMATS.remoteWriteV1Snappy,
      encoding: PAYLOAD_ENCODINGS.snappyBlock,
      raw: body,
      body,
      bodyLength: body.length,
      connection: this,
    })
    if (!outcome.ok)
      this.#options.logger.warnSparsely('spans', 'metrics of spans were not stored', { reason: outcome.error.message })
  }
}
