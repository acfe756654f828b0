import { snappyCompress } from '@vantage/bytes'
import { encodeRemoteWrite, type SeriesToWrite } from '@vantage/decode/remote-write'
import {
  type Clock,
  DEFAULT_TENANT,
  labelsFromRecord,
  METRIC_NAME,
  type MetricMetadata,
  PAYLOAD_ENCODINGS,
  PAYLOAD_FORMATS,
} from '@vantage/model'
import type { ExposedFamily, Logger, Registry } from '@vantage/observe'
import type { HostSample, SubmitIntake } from '@vantage/receive'

/** Metadata changes with releases only; it is sent with the first report and then so rarely. */
const METADATA_EVERY_REPORTS = 600
/** Our own figures change slower than the host's. */
const OWN_EVERY_REPORTS = 5
/** The first report meets cold code and takes 30 ms of the main thread: not where whoever waited for the start asks. */
const FIRST_REPORT_MS = 1_000

export interface SelfReportOptions {
  readonly submit: SubmitIntake
  readonly registry: Registry
  readonly logger: Logger
  readonly clock: Clock
  readonly instance: string
  readonly intervalMs: number
  /** First to be shed: nothing is reported while memory is short. */
  readonly isShedding: () => boolean
  collectHost(): Promise<readonly HostSample[]>
}

/** Reports this host and this process through the product's own path, like any other sender. */
export class SelfReport {
  readonly #options: SelfReportOptions
  #timer: NodeJS.Timeout
  #reports = 0
  #isRunning = false

  constructor(options: SelfReportOptions) {
    this.#options = options
    this.#timer = setTimeout(() => this.#begin(), Math.min(FIRST_REPORT_MS, options.intervalMs))
  }

  #begin(): void {
    this.#timer = setInterval(() => void this.#report(), this.#options.intervalMs)
    void this.#report()
  }

  close(): void {
    clearTimeout(this.#timer)
  }

  async #report(): Promise<void> {
    if (this.#isRunning || this.#options.isShedding()) return
    this.#isRunning = true
    try {
      const outcome = await this.#options.submit(await this.#request())
      if (!outcome.ok)
        this.#options.logger.warnSparsely('self', 'own figures were not stored', { reason: outcome.error.message })
    } finally {
      this.#isRunning = false
    }
  }

  async #request() {
    const timeMs = this.#options.clock.nowMs()
    const host = await this.#options.collectHost()
    const isOwn = this.#reports % OWN_EVERY_REPORTS === 0
    const own = isOwn ? this.#options.registry.collect() : []
    const metadata = this.#reports % METADATA_EVERY_REPORTS === 0 ? metadataOf(host, own) : []
    this.#reports++
    const body = snappyCompress(
      encodeRemoteWrite([...this.#hostSeries(host, timeMs), ...this.#ownSeries(own, timeMs)], metadata),
    )
    return {
      tenant: DEFAULT_TENANT,
      receiver: 'self',
      format: PAYLOAD_FORMATS.remoteWriteV1Snappy,
      encoding: PAYLOAD_ENCODINGS.snappyBlock,
      raw: body,
      body,
      bodyLength: body.length,
      connection: this,
    }
  }

  #hostSeries(samples: readonly HostSample[], timeMs: number): SeriesToWrite[] {
    const { instance } = this.#options
    return samples.map(({ name, labels, value }) =>
      seriesOf({ ...labels, [METRIC_NAME]: name, job: 'node', instance }, timeMs, value),
    )
  }

  #ownSeries(families: readonly ExposedFamily[], timeMs: number): SeriesToWrite[] {
    const { instance } = this.#options
    const common = { job: 'vantage/server', instance, service_name: 'server', service_namespace: 'vantage' }
    return families.flatMap((family) =>
      family.samples.map(({ name, labels, value }) => {
        const record: Record<string, string> = { ...common, [METRIC_NAME]: name }
        for (let i = 0; i < labels.length; i += 2) record[labels[i] as string] = labels[i + 1] as string
        return seriesOf(record, timeMs, value)
      }),
    )
  }
}

function seriesOf(labels: Record<string, string>, timeMs: number, value: number): SeriesToWrite {
  return { labels: labelsFromRecord(labels), times: [timeMs], values: Float64Array.of(value) }
}

function metadataOf(host: readonly HostSample[], own: readonly ExposedFamily[]): MetricMetadata[] {
  const byName = new Map<string, MetricMetadata>()
  for (const { name, type, help } of [...host, ...own])
    byName.set(name, { metric: name, type, help, unit: unitOf(name) })
  return [...byName.values()]
}

function unitOf(name: string): string {
  return /_(bytes|seconds|ratio|percent)(?:_total)?$/.exec(name)?.[1] ?? ''
}
