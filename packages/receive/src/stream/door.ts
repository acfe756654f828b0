import type { ServerDuplexStream, ServerReadableStream, sendUnaryData } from '@grpc/grpc-js'
import { type Fault, ok, type Refusal } from '@vantage/model'
import { type Arrival, admit } from '../admission.ts'
import { bindGrpc, bytesMethod, closeGrpc, grpcStatus, newGrpcServer, peerAddress } from '../grpc-server.ts'
import type { Reception } from '../reception.ts'
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
  const server = newGrpcServer(reception)
  const calls = new StreamCalls(options)
  server.addService(
    {
      Stream: bytesMethod(STREAM_PATH, { requestStream: true, responseStream: true }),
      Push: bytesMethod(PUSH_PATH, { requestStream: true }),
    },
    {
      Stream: (call: Duplex) => calls.stream(call),
      Push: (call: Readable, answer: sendUnaryData<Buffer>) => calls.push(call, answer),
    },
  )
  const port = await bindGrpc(server, options)
  return {
    port,
    close: async (graceMs) => {
      calls.finish()
      await closeGrpc(server, graceMs)
    },
  }
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
      else call.emit('error', grpcStatus(problem, this.#reception))
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
      if (problem !== undefined) answer(grpcStatus(problem, this.#reception))
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
      const none = {
        signal: 'metrics' as const,
        receiver: RECEIVER,
        startedMonotonicMs,
        tenant: undefined,
        wireBytes: 0,
      }
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
      sender: admitted.value.sender,
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
    remoteAddress: peerAddress(call.getPeer()),
    readForm: () => ok({ kind: 'protobuf', packing: 'none' }),
  }
}
