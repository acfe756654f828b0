import type { ReusableBuffer } from '@vantage/bytes'
import { err, type Fault, fault, PAYLOAD_ENCODINGS, PAYLOAD_FORMATS, type Result, type TenantId } from '@vantage/model'
import { inflightFault } from '../admission.ts'
import type { CallTaker, GrpcCall } from '../grpc-call.ts'
import { InflightHold } from '../inflight.ts'
import type { IntakeAccepted, IntakeFault } from '../intake.ts'
import type { Reception } from '../reception.ts'
import type { RejectedBatchItems } from './door.ts'
import type { SeenBatches } from './seen-batches.ts'

/**
 * Bytes of one stream that were received and are not synced yet: beyond it the client may send no more than the window
 * that it has, a MiB; 8 MiB in all.
 */
const UNSYNCED_BYTES_MAX = 7 * 1024 * 1024

export type BatchResult = Result<IntakeAccepted, IntakeFault>

/** A batch as it came; buffer and hold are given back once it is stored or refused. */
interface Message {
  readonly buffer: ReusableBuffer
  readonly length: number
  readonly hold: InflightHold
  isSubmitted: boolean
}

interface Batch {
  readonly seq: number
  isDone: boolean
  rejected: readonly RejectedBatchItems[]
}

export interface StreamVisitOptions {
  readonly call: GrpcCall
  readonly reception: Reception
  readonly receiver: string
  readonly tenant: TenantId
  readonly sender: string
  readonly readBatchIdentity: (body: Uint8Array) => { readonly clientId: string; readonly seq: number } | undefined
  readonly seen: SeenBatches<BatchResult>
  /** Batches became durable since the last call; `isLast`: the stream is about to end well. */
  readonly progressed: (visit: StreamVisit, isLast: boolean) => void
  /** Once; with the fault that ended the stream, if one did. */
  readonly ended: (problem: Fault | undefined) => void
}

function isTaken(result: BatchResult): boolean {
  return result.ok
}

/** One open stream: takes its batches in their order and tells which are durable. */
export class StreamVisit implements CallTaker {
  /** Refusals that wait to be told; further ones are only counted. */
  static readonly REJECTED_MAX = 1_000
  readonly #options: StreamVisitOptions
  /** Batches whose predecessors, or which themselves, are not durable yet. */
  readonly #open: Batch[] = []
  #unsyncedBytes = 0
  /** Of the message that is being read. */
  #nextHold: InflightHold | undefined
  #isPaused = false
  #isFinishing = false
  #isEnded = false
  #isTelling = false
  #upToSeq = 0
  #rejected: RejectedBatchItems[] = []
  batches = 0
  samples = 0

  constructor(options: StreamVisitOptions) {
    this.#options = options
  }

  begin(bytes: number): Fault | undefined {
    this.#nextHold ??= new InflightHold(this.#options.reception.inflight)
    return this.#nextHold.ensure(bytes) ? undefined : inflightFault()
  }

  message(buffer: ReusableBuffer, length: number): void {
    const hold = this.#nextHold as InflightHold
    this.#nextHold = undefined
    if (this.#isEnded || this.#isFinishing) {
      hold.release()
      this.#options.reception.buffers.give(buffer)
      return
    }
    this.#receive({ buffer, length, hold, isSubmitted: false })
  }

  end(): void {
    this.finish()
  }

  /** A connection that breaks is the client's to mend; it resends what was not acknowledged. */
  cancelled(refusal: Fault | undefined): void {
    this.#nextHold?.release()
    this.#nextHold = undefined
    if (refusal !== undefined) this.#options.reception.counts.refused(this.#visitOf(0), refusal)
    this.#end(refusal)
  }

  /** What is durable since the last call. */
  takeProgress(): { upToSeq: number; rejected: readonly RejectedBatchItems[] } {
    const progress = { upToSeq: this.#upToSeq, rejected: this.#rejected }
    this.#rejected = []
    return progress
  }

  /** Reads no more; ends once the last batch is durable. */
  finish(): void {
    if (this.#isEnded) return
    this.#isFinishing = true
    this.#options.call.pause()
    this.#endIfDone()
  }

  #receive(message: Message): void {
    const { call, readBatchIdentity, seen, tenant } = this.#options
    const identity = readBatchIdentity(message.buffer.bytes.subarray(0, message.length))
    if (identity === undefined) {
      this.#giveBack(message)
      this.#end(fault('bad_request', 'want a TelemetryBatch (proto/telemetry.proto)'))
      return
    }
    this.batches++
    const batch: Batch = { seq: identity.seq || this.batches, isDone: false, rejected: [] }
    this.#open.push(batch)
    this.#unsyncedBytes += message.length
    if (this.#unsyncedBytes > UNSYNCED_BYTES_MAX) {
      this.#isPaused = true
      call.pause()
    }
    const { length } = message
    const isNamed = identity.clientId !== '' && identity.seq > 0
    const taken = isNamed
      ? seen.once(`${tenant}/${identity.clientId}`, identity.seq, () => this.#submit(message), isTaken)
      : this.#submit(message)
    // Sent again: the first copy is what is stored.
    if (!message.isSubmitted) this.#giveBack(message)
    void taken.then((result) => this.#settle(batch, length, result))
  }

  #giveBack({ buffer, hold }: Message): void {
    hold.release()
    this.#options.reception.buffers.give(buffer)
  }

  #visitOf(wireBytes: number) {
    const { reception, receiver, tenant } = this.#options
    const startedMonotonicMs = reception.clock.monotonicMs()
    return { signal: 'metrics' as const, receiver, tenant, startedMonotonicMs, wireBytes }
  }

  async #submit(message: Message): Promise<BatchResult> {
    const { reception, receiver, tenant, sender, call } = this.#options
    const { buffer, length } = message
    const visit = this.#visitOf(length)
    message.isSubmitted = true
    try {
      const result = await reception.submit({
        tenant,
        sender,
        receiver,
        format: PAYLOAD_FORMATS.telemetryBatch,
        encoding: PAYLOAD_ENCODINGS.identity,
        raw: buffer.bytes.subarray(0, length),
        body: buffer.bytes,
        bodyLength: length,
        connection: call,
      })
      if (result.ok) reception.counts.accepted(visit, result.value)
      else reception.counts.refused(visit, result.error)
      return result
    } catch (error) {
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
      reception.logger.error('a request met a bug', { receiver, error: detail })
      return err(fault('internal', 'internal error'))
    } finally {
      this.#giveBack(message)
    }
  }

  #settle(batch: Batch, sizeBytes: number, result: BatchResult): void {
    this.#unsyncedBytes -= sizeBytes
    if (this.#isEnded) return
    if (!result.ok) {
      // Nothing behind a batch that was not taken is acknowledged: the client comes again from there.
      this.#end(result.error)
      return
    }
    this.samples += result.value.items
    batch.isDone = true
    batch.rejected = result.value.refused.map((refusal) => ({ ...refusal, seq: batch.seq }))
    while (this.#open[0]?.isDone === true) {
      const done = this.#open.shift() as Batch
      this.#upToSeq = Math.max(this.#upToSeq, done.seq)
      this.#rejected.push(...done.rejected.slice(0, StreamVisit.REJECTED_MAX - this.#rejected.length))
    }
    if (this.#isPaused && !this.#isFinishing && this.#unsyncedBytes <= UNSYNCED_BYTES_MAX / 2) {
      this.#isPaused = false
      this.#options.call.resume()
    }
    this.#tellSoon()
    this.#endIfDone()
  }

  /** Batches of one sync are told by one message. */
  #tellSoon(): void {
    if (this.#isTelling) return
    this.#isTelling = true
    setImmediate(() => {
      this.#isTelling = false
      if (!this.#isEnded) this.#options.progressed(this, false)
    })
  }

  #endIfDone(): void {
    if (this.#isFinishing && this.#open.length === 0) this.#end(undefined)
  }

  #end(problem: Fault | undefined): void {
    if (this.#isEnded) return
    if (this.#upToSeq > 0 || problem === undefined) this.#options.progressed(this, true)
    this.#isEnded = true
    this.#options.call.pause()
    this.#options.ended(problem)
  }
}
