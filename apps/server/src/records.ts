import { randomInt } from 'node:crypto'
import { NO_LABEL_LIMITS, type PushLimits } from '@vantage/decode/loki'
import type { Processor } from '@vantage/decode/process'
import {
  assert,
  type Clock,
  type CompiledMatcher,
  compileMatcher,
  type Fault,
  type FileSystem,
  type Log,
  type LogBatch,
  type Matcher,
  type PayloadFormat,
  type Result,
  type SpanBatch,
  type TenantId,
} from '@vantage/model'
import type { Logger, Registry } from '@vantage/observe'
import type { SubmitIntake } from '@vantage/receive'
import {
  type ColumnStore,
  type ColumnsWorkerHost,
  openColumnStore,
  type RowDeletion,
  type RowRetention,
  type SignalName,
} from '@vantage/store/columns'
import { SpanReport } from './derive/span-report.ts'
import { VersionWatch } from './derive/version-watch.ts'
import { LOG_FORMATS, logScratch, SPAN_FORMATS, spanScratch } from './intake/record-decoders.ts'
import { RecordsIntake, type RowDeletions } from './intake/records-intake.ts'
import type { TimeLimits } from './intake/row-times.ts'
import { StreamLimit, type StreamRate } from './intake/stream-limit.ts'
import { TraceLimit } from './intake/trace-limit.ts'
import { LogTails, type LogTailsOptions } from './live/log-tails.ts'
import { processorCounts, RowProcessing } from './process/row-processing.ts'

const NS_PER_MS = 1_000_000n
const CONSUMER = 'columns'
/** Metrics of spans are stated so often. */
const SPAN_REPORT_MS = 5_000
const newSeed = () => randomInt(2 ** 32)
const TOPICS = ['raw-logs', 'spans-raw'] as const

interface Intake {
  readonly submit: SubmitIntake
}

export interface RecordsOptions {
  /** The data folder. */
  readonly directory: string
  readonly files: FileSystem
  readonly clock: Clock
  readonly log: Log
  readonly logger: Logger
  readonly workers: ColumnsWorkerHost
  readonly retention: RowRetention
  readonly hotBytesMax: number
  readonly limits: PushLimits
  readonly times: TimeLimits
  /** What a tenant may have of them: 0 = as much as it likes. */
  readonly tenantLimits: {
    readonly maxStreams: number
    readonly streamBytes: StreamRate
    readonly maxTraceBytes: number
  }
  readonly processors: readonly Processor[]
  readonly registry: Registry
  readonly maxDecompressedBytes: number
  readonly onProblem: (message: string) => void
  /** Takes the metrics that spans say. */
  readonly submitMetrics: SubmitIntake
  /** Asks for logs, as routes do. */
  readonly askLogs: LogTailsOptions['history']
  readonly isShedding: () => boolean
}

/** Logs and spans of one process: their store, their intakes, their topics. */
export class Records {
  readonly store: ColumnStore
  readonly logs: RecordsIntake<LogBatch>
  readonly spans: RecordsIntake<SpanBatch>
  readonly tails: LogTails
  readonly #options: RecordsOptions
  readonly #report: SpanReport
  readonly #versions: VersionWatch

  private constructor(options: RecordsOptions, store: ColumnStore) {
    this.#options = options
    this.store = store
    const { submitMetrics: submit, clock, logger, isShedding } = options
    const processing = new RowProcessing(options.processors, processorCounts(options.registry))
    const { derived } = processing
    const report = new SpanReport({ submit, clock, logger, intervalMs: SPAN_REPORT_MS, isShedding, newSeed, derived })
    this.#report = report
    const { directory, files } = options
    this.#versions = new VersionWatch({ submit: (row) => this.logs.submit(row), clock, logger, files, directory })
    this.tails = new LogTails({ clock, history: options.askLogs, whenDurable: () => this.logs.whenDurable() })
    const { log, times, registry } = options
    const { maxStreams, streamBytes } = options.tenantLimits
    const streams = new StreamLimit(maxStreams, clock, streamBytes)
    registry.computed('vantage_log_streams', 'Streams of log rows that had rows lately.', 'gauge', () => streams.count)
    const room = { hasRoom: () => store.hasRoom(), crowding: () => store.crowding() }
    const shared = { log, clock, times, processing, ...room }
    this.logs = new RecordsIntake({
      ...shared,
      topic: 'raw-logs',
      limit: streams,
      formats: LOG_FORMATS,
      onStored: (tenant, batch) => {
        this.tails.add(tenant, batch)
        this.#versions.add(tenant, batch)
      },
      newScratch: (isReplay) => logScratch(limitsOf(options, isReplay), unpackedMax(options, isReplay)),
      apply: (tenant, batch, offset, receivedAtMs) => store.applyLogs(tenant, batch, offset, receivedAtMs),
      deletions: deletionsOf(store, 'logs'),
    })
    this.spans = new RecordsIntake({
      ...shared,
      topic: 'spans-raw',
      limit: new TraceLimit(options.tenantLimits.maxTraceBytes, clock, newSeed),
      formats: SPAN_FORMATS,
      newScratch: (isReplay) => spanScratch(limitsOf(options, isReplay), unpackedMax(options, isReplay)),
      apply: (tenant, batch, offset, receivedAtMs) => store.applySpans(tenant, batch, offset, receivedAtMs),
      deletions: deletionsOf(store, 'spans'),
      onStored: (tenant, batch) => {
        report.add(tenant, batch)
        this.#versions.add(tenant, batch)
      },
    })
  }

  /** Opens the store; what is in files is readable at once, `replay` brings the rest. */
  static async open(options: RecordsOptions): Promise<Records> {
    const { directory, files, clock, workers, retention, hotBytesMax, onProblem } = options
    let records: Records | undefined
    const store = await openColumnStore({
      directory: `${directory}/columns`,
      files,
      clock,
      workers,
      hotBytesMax,
      retention,
      whenDurable: async (topic) => (topic === 'raw-logs' ? records?.logs : records?.spans)?.whenDurable(),
      onProblem,
    })
    records = new Records(options, store)
    records.#tellConsumed()
    return records
  }

  /**
   * Deletes rows that are stored, durable before it resolves; metrics of deleted spans are no longer stated.
   * @returns the offset of the deletion in its topic
   */
  async deleteRows(tenant: TenantId, signal: SignalName, deletion: RowDeletion): Promise<Result<number, Fault>> {
    if (signal === 'logs') return this.logs.deleteRows(tenant, deletion)
    const deleted = await this.spans.deleteRows(tenant, deletion)
    const nowNs = BigInt(Math.round(this.#options.clock.nowMs())) * NS_PER_MS
    if (deleted.ok && deletion.endNs > nowNs) this.#report.forget(tenant, deletion.matchers.map(compiled))
    return deleted
  }

  async replay(): Promise<void> {
    const { clock, logger, onProblem } = this.#options
    const startedMs = clock.monotonicMs()
    const logs = await this.logs.replay(this.store.replayFrom('raw-logs'), onProblem)
    const spans = await this.spans.replay(this.store.replayFrom('spans-raw'), onProblem)
    if (logs.records + spans.records === 0) return
    const elapsedMs = Math.round(clock.monotonicMs() - startedMs)
    logger.info('the logs of rows are replayed', { logRows: logs.rows, spans: spans.rows, elapsedMs })
  }

  /** Who takes a payload: logs, spans, else metrics. */
  intakeOf(format: PayloadFormat, metrics: Intake): Intake {
    if (this.logs.takes(format)) return this.logs
    return this.spans.takes(format) ? this.spans : metrics
  }

  /** To be called about once a second. */
  async tick(isMemoryShort: boolean): Promise<void> {
    const { log } = this.#options
    const unsealedLogBytes = TOPICS.reduce((sum, topic) => sum + log.stats(topic).unsealedBytes, 0)
    await this.store.tick({ unsealedLogBytes, isMemoryShort })
    this.#versions.save(false)
    this.#tellConsumed()
  }

  /** States the metrics of spans a last time. */
  stopReports(): Promise<void> {
    return this.#report.close()
  }

  close(): Promise<void> {
    this.#versions.save(true)
    return this.store.close()
  }

  #tellConsumed(): void {
    for (const topic of TOPICS) this.#options.log.setConsumed(topic, CONSUMER, this.store.replayFrom(topic))
  }
}

/** A replay refuses nothing anew; what was cut is cut at the same place again. */
function limitsOf({ limits }: RecordsOptions, isReplay: boolean): PushLimits {
  if (!isReplay) return limits
  return { ...limits, maxAttributes: Number.POSITIVE_INFINITY, streamLabels: NO_LABEL_LIMITS }
}

function unpackedMax({ maxDecompressedBytes }: RecordsOptions, isReplay: boolean): number {
  return isReplay ? 2 ** 31 : maxDecompressedBytes
}

function deletionsOf(store: ColumnStore, signal: SignalName): RowDeletions {
  return {
    check: (tenant, deletion) => store.checkDeletion(tenant, signal, deletion),
    apply: (tenant, deletion, offset) => store.deleteRows(tenant, signal, deletion, offset),
  }
}

/** Of a deletion that was checked. */
function compiled(matcher: Matcher): CompiledMatcher {
  const ready = compileMatcher(matcher)
  assert(ready.ok, 'a deletion is checked before it is applied')
  return ready.value
}
