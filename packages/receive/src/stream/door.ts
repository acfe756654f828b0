import {
  Metadata,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerErrorResponse,
  type ServerReadableStream,
  type sendUnaryData,
} from '@grpc/grpc-js'
import { type Fault, ok, type Refusal, STATUS } from '@vantage/model'
import { type Arrival, admit } from '../admission.ts'
import type { IntakeFault } from '../intake.ts'
import type { Reception } from '../reception.ts'
import { withRetryAfter } from '../retry-after.ts'
import { SeenBatches } from './seen-batches.ts'
import { type BatchResult, StreamVisit } from './visit.ts'

const SERVICE = 'vantage.telemetry.v1.Telemetry'
const STREAM_PATH = `/${SERVICE}/Stream`
const PUSH_PATH = `/${SERVICE}/Push`
const RECEIVER = 'stream'

export interface RejectedBatchItems extends Refusal {
  readonly seq: number
}

/** The stream's own messages; written by the decoders' package. */
export interface StreamCodec {
  readonly readBatchIdentity: (body: Uint8Array) => { readonly clientId: string; readonly seq: number } | undefined
  readonly encodeAck: (upToSeq: number, rejected: readonly RejectedBatchItems[]) => Uint8Array
  readonly encodePushSummary: (batches: number, samples: number, rejected: readonly RejectedBatchItems[]) => Uint8Array
}

export interface StreamDoorOptions {
  readonly host: string
  /** 0 = any that is free. */
  readonly port: number
  readonly reception: Reception
  readonly codec: StreamCodec
}

export interface StreamDoor {
  readonly port: number
  /** Reads no more, acknowledges what is durable and ends all streams; what hangs is cut after `graceMs`. */
  close(graceMs: number): Promise<void>
}

type Duplex = ServerDuplexStream<Buffer, Buffer>
type Readable = ServerReadableStream<Buffer, Buffer>

/**
 * Opens the telemetry stream (proto/telemetry.proto): an acknowledged form and a one-way form.
 * Rejects where the address cannot be bound.
 */
export async function startStreamDoor(options: StreamDoorOptions): Promise<StreamDoor> {
  const { reception } = options
  const server = new Server({
    'grpc.max_receive_message_length': reception.limits.grpcMaxMessageBytes,
    'grpc.max_concurrent_streams': reception.limits.grpcMaxConcurrentStreams,
    'grpc.keepalive_time_ms': reception.limits.grpcKeepaliveMs,
    'grpc.keepalive_timeout_ms': reception.limits.grpcKeepaliveTimeoutMs,
    'grpc.max_connection_age_ms': reception.limits.grpcConnectionAgeMs,
    'grpc.max_connection_age_grace_ms': reception.limits.grpcConnectionAgeGraceMs,
  })
  const calls = new StreamCalls(options)
  server.addService(
    { Stream: bytesMethod(STREAM_PATH, true), Push: bytesMethod(PUSH_PATH, false) },
    {
      Stream: (call: Duplex) => calls.stream(call),
      Push: (call: Readable, answer: sendUnaryData<Buffer>) => calls.push(call, answer),
    },
  )
  const port = await bind(server, options)
  return {
    port,
    close: async (graceMs) => {
      calls.finish()
      await shutdown(server, graceMs)
    },
  }
}

function bytesMethod(path: string, responseStream: boolean): MethodDefinition<Buffer, Buffer> {
  const same = (bytes: Buffer) => bytes
  return {
    path,
    requestStream: true,
    responseStream,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  }
}

function bind(server: Server, { host, port }: StreamDoorOptions): Promise<number> {
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound)
      else reject(error)
    })
  })
}

function shutdown(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.forceShutdown(), graceMs)
    server.tryShutdown(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}

/** The streams that are open. */
class StreamCalls {
  readonly #reception: Reception
  readonly #codec: StreamCodec
  readonly #seen: SeenBatches<BatchResult>
  readonly #visits = new Set<StreamVisit>()

  constructor({ reception, codec }: StreamDoorOptions) {
    this.#reception = reception
    this.#codec = codec
    this.#seen = new SeenBatches(reception.clock)
  }

  /** No stream is read any further; each ends once its last batch is durable. */
  finish(): void {
    for (const visit of this.#visits) visit.finish()
  }

  stream(call: Duplex): void {
    const end = (problem: Fault | undefined) => {
      if (problem === undefined) call.end()
      else call.emit('error', this.#status(problem))
    }
    this.#open(call, STREAM_PATH, end, (visit, isLast) => {
      const { upToSeq, rejected } = visit.takeProgress()
      if (!call.cancelled && (upToSeq > 0 || rejected.length > 0 || isLast)) {
        call.write(Buffer.from(this.#codec.encodeAck(upToSeq, rejected)))
      }
    })
  }

  push(call: Readable, answer: sendUnaryData<Buffer>): void {
    const rejected: RejectedBatchItems[] = []
    let visit: StreamVisit | undefined
    const end = (problem: Fault | undefined) => {
      if (problem !== undefined) answer(this.#status(problem))
      else if (visit !== undefined) {
        answer(null, Buffer.from(this.#codec.encodePushSummary(visit.batches, visit.samples, rejected)))
      }
    }
    visit = this.#open(call, PUSH_PATH, end, (open) => {
      const room = StreamVisit.REJECTED_MAX - rejected.length
      rejected.push(...open.takeProgress().rejected.slice(0, room))
    })
  }

  #open(
    call: Duplex | Readable,
    path: string,
    end: (problem: Fault | undefined) => void,
    progressed: (visit: StreamVisit, isLast: boolean) => void,
  ): StreamVisit | undefined {
    const reception = this.#reception
    const startedMonotonicMs = reception.clock.monotonicMs()
    const admitted = admit(arrivalOf(call, path), reception)
    if (!admitted.ok) {
      const none = { receiver: RECEIVER, startedMonotonicMs, tenant: undefined, wireBytes: 0 }
      reception.counts.refused(none, admitted.error)
      end(admitted.error)
      return undefined
    }
    // The stream itself holds nothing: each of its messages does.
    admitted.value.hold.release()
    const visit = new StreamVisit({
      call,
      reception,
      receiver: RECEIVER,
      tenant: admitted.value.tenant,
      readBatchIdentity: this.#codec.readBatchIdentity,
      seen: this.#seen,
      progressed,
      ended: (problem) => {
        this.#visits.delete(visit)
        end(problem)
      },
    })
    this.#visits.add(visit)
    return visit
  }

  #status(refusal: IntakeFault): ServerErrorResponse {
    const sent = withRetryAfter(refusal, this.#reception.random)
    const metadata = new Metadata()
    metadata.set('grpc-status-details-bin', Buffer.from(this.#reception.codec.encodeStatus(sent)))
    const details = sent.message.toWellFormed()
    return { name: sent.code, message: details, code: STATUS[sent.code].grpc, details, metadata }
  }
}

function arrivalOf(call: Duplex | Readable, path: string): Arrival {
  return {
    receiver: RECEIVER,
    scope: 'metrics:write',
    authority: call.getHost(),
    header: (name) => call.metadata.get(name)[0]?.toString(),
    isMethodAllowed: true,
    urlBytes: path.length,
    contentLength: undefined,
    readForm: () => ok({ kind: 'protobuf', packing: 'none' }),
  }
}
