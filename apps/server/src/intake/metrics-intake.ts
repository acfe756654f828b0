import {
  type ApplyOutcome,
  type Clock,
  err,
  type Fault,
  type Log,
  type LogRecord,
  type MetricBatch,
  ok,
  PAYLOAD_FORMATS,
  type Refusal,
  type Result,
  type SeriesScan,
  type TenantId,
} from '@vantage/model'
import type { IntakeAccepted, IntakeFault, IntakeRequest } from '@vantage/receive'
import { deletionRecord, type MetricStore, readDeletion, SeriesHint } from '@vantage/store/metrics'
import { type DecoderLimits, DecodeScratch, REPLAY_LIMITS, TenantInterners } from './decoders.ts'
import { SenderCounts } from './sender-counts.ts'

const TOPIC = 'metrics-raw'
/** Scratches kept for later requests; more exist while more requests are decoded at once. */
const SCRATCHES_KEPT = 16

export interface MetricsIntakeOptions {
  readonly log: Log
  readonly store: MetricStore
  readonly clock: Clock
  readonly limits: DecoderLimits
  readonly seed: number
}

/** The way of every metrics request: decode, reserve, apply, log, sync, answer. */
export class MetricsIntake {
  readonly #options: MetricsIntakeOptions
  readonly #interners: TenantInterners
  readonly #scratches: DecodeScratch[] = []
  readonly senders = new SenderCounts()
  readonly #hints = new WeakMap<object, SeriesHint>()
  #lastCommit: Promise<void> = Promise.resolve()
  /** Samples taken in since the start, replay not included. */
  samples = 0

  constructor(options: MetricsIntakeOptions) {
    this.#options = options
    this.#interners = new TenantInterners(options.seed)
  }

  async submit(request: IntakeRequest): Promise<Result<IntakeAccepted, IntakeFault>> {
    const scratch = this.#scratches.pop() ?? new DecodeScratch(this.#options.limits, this.#interners)
    // One reading for all: a replay must give items without a time the same time again.
    const receivedAtMs = this.#options.clock.nowMs()
    let stored: Result<Stored, IntakeFault>
    try {
      const decoded = await scratch.decode(
        request.tenant,
        request.format,
        request.body,
        request.bodyLength,
        receivedAtMs,
        this.#options.clock,
      )
      if (!decoded.ok) return decoded
      stored = this.#store(request, scratch, receivedAtMs)
    } finally {
      // Applied, it is free for the next request: many wait for the sync at once, few decode.
      scratch.trim()
      if (this.#scratches.length < SCRATCHES_KEPT) this.#scratches.push(scratch)
    }
    if (!stored.ok) return stored
    await stored.value.synced
    return ok(stored.value.accepted)
  }

  /** Resolves once everything below `offset` is synced: commits are synced in order. */
  whenDurable(): Promise<void> {
    return this.#lastCommit
  }

  /** Deletes the samples that a scan selects: in the log and hidden from every reader before it resolves. */
  async deleteSeries(tenant: TenantId, scan: SeriesScan): Promise<Fault | undefined> {
    const { clock, log, store } = this.#options
    const deletion = store.checkDeletion(tenant, scan)
    if (!deletion.ok) return deletion.error
    const record = deletionRecord(tenant, deletion.value, clock.nowMs())
    const reserved = log.reserve(TOPIC, record.payload.length)
    if (!reserved.ok) return reserved.error
    store.deleteSeries(tenant, deletion.value, reserved.value.offset)
    this.#lastCommit = log.commit(reserved.value, record)
    await this.#lastCommit
    return undefined
  }

  /** Puts the records from `fromOffset` on into the store again, as their verdicts say. */
  async replay(
    fromOffset: number,
    onProblem: (message: string) => void,
  ): Promise<{ records: number; samples: number }> {
    const { clock, log, store } = this.#options
    const scratch = new DecodeScratch(REPLAY_LIMITS, this.#interners)
    const hint = new SeriesHint()
    let records = 0
    let samples = 0
    await log.read(TOPIC, fromOffset, (record: LogRecord, offset: number) => {
      if (record.format === PAYLOAD_FORMATS.seriesDeletion) {
        const deletion = readDeletion(record)
        if (deletion.ok) store.deleteSeries(record.tenant, deletion.value, offset)
        else onProblem(`log record ${offset} is no deletion: ${deletion.error.message}`)
        records++
        return
      }
      const decoded = scratch.replay(record, clock)
      if (!decoded.ok) {
        onProblem(`log record ${offset} does not decode any more: ${decoded.error.message}`)
        return
      }
      const options = { nowMs: record.receivedAtMs, replay: { verdict: record.verdict }, hint }
      const outcome = store.apply(record.tenant, scratch.batch, offset, options)
      samples += outcome.storedSamples
      this.senders.add(record.tenant, record.receiver, '', outcome.createdSeries)
      records++
    })
    return { records, samples }
  }

  #store(request: IntakeRequest, scratch: DecodeScratch, receivedAtMs: number): Result<Stored, IntakeFault> {
    const { log, store } = this.#options
    const { batch } = scratch
    if (batch.rowCount === 0 && batch.metadata.length === 0) {
      const accepted = { items: 0, histograms: 0, exemplars: 0 }
      const told = { refused: [...batch.refused], warnings: [...batch.warnings] }
      return ok({ accepted: { ...accepted, ...told }, synced: undefined })
    }
    const reserved = log.reserve(TOPIC, request.raw.length)
    if (!reserved.ok) return err(reserved.error)
    const outcome = store.apply(request.tenant, batch, reserved.value.offset, {
      nowMs: receivedAtMs,
      hint: this.#hintOf(request.connection),
    })
    const accepted = acceptedOf(batch, outcome, scratch)
    this.senders.add(request.tenant, request.receiver, request.sender ?? '', outcome.createdSeries)
    this.#lastCommit = log.commit(reserved.value, {
      tenant: request.tenant,
      receiver: request.receiver,
      format: request.format,
      encoding: request.encoding,
      receivedAtMs,
      verdict: outcome.verdict,
      payload: request.raw,
    })
    this.samples += outcome.storedSamples
    return ok({ accepted, synced: this.#lastCommit })
  }

  #hintOf(connection: object): SeriesHint {
    let hint = this.#hints.get(connection)
    if (hint === undefined) {
      hint = new SeriesHint()
      this.#hints.set(connection, hint)
    }
    return hint
  }
}

/** Applied and handed to the log; `synced` resolves once it may be answered. */
interface Stored {
  readonly accepted: IntakeAccepted
  readonly synced: Promise<void> | undefined
}

/** Counts in the client's unit: samples, but data points for OTLP, where a histogram is one point and many rows. */
function acceptedOf(batch: MetricBatch, outcome: ApplyOutcome, scratch: DecodeScratch): IntakeAccepted {
  const { points } = scratch
  const stored = outcome.storedSamples + outcome.duplicateSamples
  const refusedLater =
    points === undefined ? outcome.refused : inPoints(outcome.refused, points.rejectedPoints(outcome.verdict))
  return {
    items: stored,
    histograms: outcome.storedHistograms,
    exemplars: outcome.storedExemplars,
    refused: [...batch.refused, ...refusedLater],
    warnings: [...batch.warnings],
  }
}

function inPoints(refused: readonly Refusal[], points: number): Refusal[] {
  const out: Refusal[] = []
  let left = points
  for (const refusal of refused) {
    const count = Math.min(refusal.count, left)
    if (count > 0) out.push({ ...refusal, count })
    left -= count
  }
  return out
}
