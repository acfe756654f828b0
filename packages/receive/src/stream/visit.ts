import type { ServerDuplexStream, ServerReadableStream } from '@grpc/grpc-js'
import { err, type Fault, fault, PAYLOAD_ENCODINGS, PAYLOAD_FORMATS, type Result, type TenantId } from '@vantage/model'
import { inflightFault } from '../admission.ts'
import { InflightHold } from '../inflight.ts'
import type { IntakeAccepted, IntakeFault } from '../intake.ts'
import type { Reception } from '../reception.ts'
import type { RejectedBatchItems } from './door.ts'
import type { SeenBatches } from './seen-batches.ts'

/** Bytes of one stream that were received and are not synced yet: beyond it nothing is read. */
const UNSYNCED_BYTES_MAX = 8 * 1024 * 1024

export type BatchResult = Result<IntakeAccepted, IntakeFault>

interface Batch {
  readonly seq: number
  isDone: boolean
  rejected: readonly RejectedBatchItems[]
}

export interface StreamVisitOptions {
  readonly call: ServerDuplexStream<Buffer, Buffer> | ServerReadableStream<Buffer, Buffer>
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

/** One open stream: takes its batches in their order and tells which are durable. */
export class StreamVisit {
  /** Refusals that wait to be told; further ones are only counted. */
  static readonly REJECTED_MAX = 1_000
  readonly #options: StreamVisitOptions
  /** Batches whose predecessors, or which themselves, are not durable yet. */
  readonly #open: Batch[] = []
  #unsyncedBytes = 0
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
    const { call } = options
    call.on('data', (bytes: Buffer) => this.#receive(bytes))
    call.on('end', () => this.finish())
    call.on('cancelled', () => this.#end(undefined))
    // A connection that breaks is the client's to mend; it resends what was not acknowledged.
    call.on('error', () => this.#end(undefined))
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

  #receive(bytes: Buffer): void {
    if (this.#isEnded) return
    const identity = this.#options.readBatchIdentity(bytes)
    if (identity === undefined) {
      this.#end(fault('bad_request', 'want a TelemetryBatch (proto/telemetry.proto)'))
      return
    }
    this.batches++
    const batch: Batch = { seq: identity.seq || this.batches, isDone: false, rejected: [] }
    this.#open.push(batch)
    this.#unsyncedBytes += bytes.length
    if (this.#unsyncedBytes > UNSYNCED_BYTES_MAX) {
      this.#isPaused = true
      this.#options.call.pause()
    }
    const take = () => this.#submit(bytes)
    const isNamed = identity.clientId !== '' && identity.seq > 0
    const client = `${this.#options.tenant}/${identity.clientId}`
    const taken = isNamed ? this.#options.seen.once(client, identity.seq, take, (result) => result.ok) : take()
    void taken.then((result) => this.#settle(batch, bytes.length, result))
  }

  async #submit(bytes: Buffer): Promise<BatchResult> {
    const { reception, receiver, tenant, sender, call } = this.#options
    const visit = {
      signal: 'metrics' as const,
      receiver,
      tenant,
      startedMonotonicMs: reception.clock.monotonicMs(),
      wireBytes: bytes.length,
    }
    const hold = new InflightHold(reception.inflight)
    try {
      const result = hold.ensure(bytes.length)
        ? await reception.submit({
            tenant,
            sender,
            receiver,
            format: PAYLOAD_FORMATS.telemetryBatch,
            encoding: PAYLOAD_ENCODINGS.identity,
            raw: bytes,
            body: bytes,
            bodyLength: bytes.length,
            connection: call,
          })
        : err(inflightFault())
      if (result.ok) reception.counts.accepted(visit, result.value)
      else reception.counts.refused(visit, result.error)
      return result
    } catch (error) {
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
      reception.logger.error('a request met a bug', { receiver, error: detail })
      return err(fault('internal', 'internal error'))
    } finally {
      hold.release()
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
