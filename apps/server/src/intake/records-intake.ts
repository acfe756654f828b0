import { finish } from '@vantage/decode/process'
import {
  type Clock,
  err,
  type Fault,
  fault,
  type Log,
  type LogBatch,
  type LogRecord,
  ok,
  PAYLOAD_ENCODINGS,
  PAYLOAD_FORMATS,
  type PayloadEncoding,
  type PayloadFormat,
  type Result,
  type SpanBatch,
  type TenantId,
  type Topic,
} from '@vantage/model'
import type { IntakeAccepted, IntakeFault, IntakeRequest } from '@vantage/receive'
import { type RowDeletion, readRowDeletion, rowDeletionRecord } from '@vantage/store/columns'
import { assertReadAgain, type RowProcessing } from '../process/row-processing.ts'
import type { RecordScratch } from './record-decoders.ts'
import type { RowLimit } from './row-limit.ts'
import { refuseByTime, type TimeLimits } from './row-times.ts'
import { runSliced, runWhole, runWork, unpackPayload } from './sliced.ts'

/** Scratches kept for later requests; more exist while more requests are decoded at once. */
const SCRATCHES_KEPT = 16
/** A request that finds the memory of hot rows full waits so long for room, looking so often. */
const ROOM_WAIT_MS = 5_000
const ROOM_LOOK_MS = 20
const ROOM_RETRY_SECONDS = 2
/**
 * A request that finds it nearly full waits so long at most: senders who are a little slower for a while are not stopped
 * for a tenth of a second, all at once, until the seal is over.
 */
const CROWDED_WAIT_MS = 25

/** The store's side of deletions of one signal. */
export interface RowDeletions {
  /** @returns the deletion as it may be logged, or why it may not be */
  check(tenant: TenantId, deletion: RowDeletion): Result<RowDeletion, Fault>
  apply(tenant: TenantId, deletion: RowDeletion, offset: number): void
}

export interface RecordsIntakeOptions<Batch extends LogBatch | SpanBatch> {
  readonly topic: Extract<Topic, 'raw-logs' | 'spans-raw'>
  readonly formats: ReadonlySet<PayloadFormat>
  readonly log: Log
  readonly clock: Clock
  newScratch(isReplay: boolean): RecordScratch<Batch>
  /** The only way into the store. */
  apply(tenant: TenantId, batch: Batch, offset: number, receivedAtMs: number): void
  hasRoom(): boolean
  /** 0 … 1: how near the memory of hot rows is to being used up. */
  crowding(): number
  /** Deletions of rows, for intake and replay alike. */
  readonly deletions: RowDeletions
  readonly times: TimeLimits
  readonly limit: RowLimit<Batch>
  readonly processing: RowProcessing
  /** Told of each request that was stored; not of a replay. */
  onStored?(tenant: TenantId, batch: Batch): void
}

/** The way of every request of logs or spans: decode, room, reserve, apply, log, sync, answer. */
export class RecordsIntake<Batch extends LogBatch | SpanBatch> {
  readonly #options: RecordsIntakeOptions<Batch>
  readonly #scratches: RecordScratch<Batch>[] = []
  #lastCommit: Promise<void> = Promise.resolve()
  /** Rows taken in since the start, replay not included. */
  rows = 0

  constructor(options: RecordsIntakeOptions<Batch>) {
    this.#options = options
  }

  takes(format: PayloadFormat): boolean {
    return this.#options.formats.has(format)
  }

  async submit(request: IntakeRequest): Promise<Result<IntakeAccepted, IntakeFault>> {
    const scratch = this.#scratches.pop() ?? this.#options.newScratch(false)
    let stored: Result<{ accepted: IntakeAccepted; synced: Promise<void> | undefined }, IntakeFault>
    try {
      const started = scratch.start(request.format, request.body, request.bodyLength)
      if (!started.ok) return started
      const problem = await runSliced(started.value, this.#options.clock)
      if (problem !== undefined) return err(problem)
      refuseByTime(scratch.batch, this.#options.times, this.#options.clock.nowMs())
      this.#options.limit.refuse(request.tenant, scratch.batch)
      const told = toldOf(scratch.batch)
      const payload = await this.#processed(request, scratch)
      const measured = await runWork(this.#options.processing.late(scratch.batch), this.#options.clock)
      const crowdedMs = Math.round(this.#options.crowding() * CROWDED_WAIT_MS)
      if (crowdedMs > 0) await new Promise((resume) => setTimeout(resume, crowdedMs))
      if (!this.#options.hasRoom() && !(await this.#waitForRoom())) return err(noRoom())
      stored = this.#store(request.tenant, request.receiver, payload, scratch.batch, told)
      if (stored.ok && stored.value.synced !== undefined) this.#options.processing.derived.add(request.tenant, measured)
    } finally {
      // Applied, it is free for the next request: many wait for the sync at once, few decode.
      scratch.trim()
      if (this.#scratches.length < SCRATCHES_KEPT) this.#scratches.push(scratch)
    }
    if (!stored.ok) return stored
    await stored.value.synced
    return ok(stored.value.accepted)
  }

  /** Resolves once everything that was stored is synced: commits are synced in order. */
  whenDurable(): Promise<void> {
    return this.#lastCommit
  }

  /**
   * Deletes rows that are stored: in the log and hidden from every reader before it resolves.
   * @returns the deletion's offset in the topic
   */
  async deleteRows(tenant: TenantId, deletion: RowDeletion): Promise<Result<number, Fault>> {
    const { clock, log, topic, deletions } = this.#options
    const checked = deletions.check(tenant, deletion)
    if (!checked.ok) return checked
    const record = rowDeletionRecord(tenant, checked.value, clock.nowMs())
    const reserved = log.reserve(topic, record.payload.length)
    if (!reserved.ok) return reserved
    const { offset } = reserved.value
    deletions.apply(tenant, checked.value, offset)
    this.#lastCommit = log.commit(reserved.value, record)
    await this.#lastCommit
    return ok(offset)
  }

  /** Puts the records from `fromOffset` on into the store again, as their verdicts say. */
  async replay(fromOffset: number, onProblem: (message: string) => void): Promise<{ records: number; rows: number }> {
    const { log, clock, topic } = this.#options
    const scratch = this.#options.newScratch(true)
    const told = { records: 0, rows: 0 }
    await log.read(topic, fromOffset, async (record, offset) => {
      if (record.format === PAYLOAD_FORMATS.rowDeletion) {
        const deletion = readRowDeletion(record)
        if (deletion.ok) this.#options.deletions.apply(record.tenant, deletion.value, offset)
        else onProblem(`${topic} record ${offset} is no deletion: ${deletion.error.message}`)
        told.records++
        return
      }
      const problem = this.#decodeRecord(record, scratch, clock)
      if (problem !== undefined) {
        onProblem(`${topic} record ${offset} does not decode any more: ${problem.message}`)
        return
      }
      // A seal makes room; what was acknowledged is never left out.
      while (!this.#options.hasRoom()) await new Promise((resume) => setTimeout(resume, ROOM_LOOK_MS))
      this.#options.limit.note(record.tenant, scratch.batch)
      finish(this.#options.processing.late(scratch.batch))
      this.#options.apply(record.tenant, scratch.batch, offset, record.receivedAtMs)
      told.records++
      told.rows += scratch.batch.columns.count
    })
    return told
  }

  #decodeRecord(record: LogRecord, scratch: RecordScratch<Batch>, clock: Clock): Fault | undefined {
    const body = unpackPayload(record)
    if (!body.ok) return body.error
    const started = scratch.start(record.format, body.value, body.value.length, record.verdict)
    if (!started.ok) return started.error
    return runWhole(started.value, clock)
  }

  /** What is logged: the sender's bytes, or the rows that processors left of them. */
  async #processed(request: IntakeRequest, scratch: RecordScratch<Batch>): Promise<Payload> {
    const changed = await runWork(this.#options.processing.early(scratch.batch), this.#options.clock)
    if (changed === undefined) return { format: request.format, encoding: request.encoding, bytes: request.raw }
    const { format, bytes } = changed
    // Read again from what is logged, so that a replay finds the same.
    const started = scratch.start(format, bytes, bytes.length)
    assertReadAgain(started.ok ? runWhole(started.value, this.#options.clock) : started.error)
    return { format, encoding: PAYLOAD_ENCODINGS.identity, bytes }
  }

  #store(
    tenant: TenantId,
    receiver: string,
    { format, encoding, bytes }: Payload,
    batch: Batch,
    accepted: IntakeAccepted,
  ): Result<{ accepted: IntakeAccepted; synced: Promise<void> | undefined }, IntakeFault> {
    const { log, topic, clock } = this.#options
    if (batch.columns.count === 0) return ok({ accepted, synced: undefined })
    const receivedAtMs = clock.nowMs()
    const reserved = log.reserve(topic, bytes.length)
    if (!reserved.ok) return reserved
    this.#options.apply(tenant, batch, reserved.value.offset, receivedAtMs)
    this.#options.onStored?.(tenant, batch)
    const verdict = batch.verdict.bits()
    const record = { tenant, receiver, format, encoding, receivedAtMs, verdict, payload: bytes }
    this.#lastCommit = log.commit(reserved.value, record)
    this.rows += batch.columns.count
    return ok({ accepted, synced: this.#lastCommit })
  }

  async #waitForRoom(): Promise<boolean> {
    const { clock, hasRoom } = this.#options
    const untilMs = clock.monotonicMs() + ROOM_WAIT_MS
    while (clock.monotonicMs() < untilMs) {
      await new Promise((resume) => setTimeout(resume, ROOM_LOOK_MS))
      if (hasRoom()) return true
    }
    return false
  }
}

/** What is logged of a request. */
interface Payload {
  readonly format: PayloadFormat
  readonly encoding: PayloadEncoding
  readonly bytes: Uint8Array
}

/** What the sender is told: also rows that processors drop were taken. */
function toldOf({ columns, refused, warnings }: LogBatch | SpanBatch): IntakeAccepted {
  return { items: columns.count, histograms: 0, exemplars: 0, refused: [...refused], warnings: [...warnings] }
}

function noRoom(): Fault {
  return fault('unavailable', 'memory of rows that are not in files yet is full', {
    reason: 'memory',
    limit: 'storage.hotBytes',
    retryAfterSeconds: ROOM_RETRY_SECONDS,
  })
}
