import { ok, type Refusal } from '@vantage/model'
import { type Arrival, admit } from '../admission.ts'
import type { GrpcCall } from '../grpc-call.ts'
import { type GrpcServer, startGrpcServer } from '../grpc-server.ts'
import type { Reception } from '../reception.ts'
import { SeenBatches } from './seen-batches.ts'
import { type BatchResult, StreamVisit, type StreamVisitOptions } from './visit.ts'

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

/**
 * Opens the telemetry stream (proto/telemetry.proto): an acknowledged form and a one-way form. Closing it reads no
 * more, acknowledges what is durable and ends all streams. Rejects where the address cannot be bound.
 */
export async function startStreamDoor(options: StreamDoorOptions): Promise<GrpcServer> {
  const calls = new StreamCalls(options)
  options.reception.counts.open({ signal: 'metrics', receiver: RECEIVER })
  const server = await startGrpcServer({
    ...options,
    methods: new Map([
      [STREAM_PATH, (call) => calls.stream(call)],
      [PUSH_PATH, (call) => calls.push(call)],
    ]),
  })
  return {
    ...server,
    close: (graceMs) => {
      calls.finish()
      return server.close(graceMs)
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

  stream(call: GrpcCall): StreamVisit | undefined {
    return this.#open(call, STREAM_PATH, {
      progressed: (visit, isLast) => {
        const { upToSeq, rejected } = visit.takeProgress()
        if (upToSeq > 0 || rejected.length > 0 || isLast) call.send(this.#codec.encodeAck(upToSeq, rejected))
      },
      done: () => call.finish(),
    })
  }

  push(call: GrpcCall): StreamVisit | undefined {
    const rejected: RejectedBatchItems[] = []
    return this.#open(call, PUSH_PATH, {
      progressed: (visit) => {
        const room = StreamVisit.REJECTED_MAX - rejected.length
        rejected.push(...visit.takeProgress().rejected.slice(0, room))
      },
      done: (visit) => {
        call.send(this.#codec.encodePushSummary(visit.batches, visit.samples, rejected))
        call.finish()
      },
    })
  }

  #open(
    call: GrpcCall,
    path: string,
    form: Pick<StreamVisitOptions, 'progressed'> & { readonly done: (visit: StreamVisit) => void },
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
      call.fail(admitted.error)
      return undefined
    }
    // The stream itself holds nothing: each of its messages does.
    admitted.value.hold.release()
    const visit: StreamVisit = new StreamVisit({
      call,
      reception,
      receiver: RECEIVER,
      tenant: admitted.value.tenant,
      sender: admitted.value.sender,
      readBatchIdentity: this.#codec.readBatchIdentity,
      seen: this.#seen,
      progressed: form.progressed,
      ended: (problem) => {
        this.#visits.delete(visit)
        if (problem === undefined) form.done(visit)
        else call.fail(problem)
      },
    })
    this.#visits.add(visit)
    return visit
  }
}

function arrivalOf(call: GrpcCall, path: string): Arrival {
  return {
    receiver: RECEIVER,
    scope: 'metrics:write',
    authority: call.authority,
    header: (name) => call.header(name),
    isMethodAllowed: true,
    urlBytes: path.length,
    contentLength: undefined,
    remoteAddress: call.remoteAddress,
    readForm: () => ok({ kind: 'protobuf', packing: 'none' }),
  }
}
