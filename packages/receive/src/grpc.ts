import {
  type Metadata,
  type ServerErrorResponse,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from '@grpc/grpc-js'
import {
  err,
  fault,
  ok,
  PAYLOAD_ENCODINGS,
  PAYLOAD_FORMATS,
  type PayloadFormat,
  type Result,
  STATUS,
  type TenantId,
} from '@vantage/model'
import { type Arrival, admit, inflightFault } from './admission.ts'
import { decodeHealthRequest, encodeHealthResponse, HEALTH_SERVICE, healthOf, isUnknownService } from './grpc-health.ts'
import { bindGrpc, bytesMethod, closeGrpc, grpcStatus, newGrpcServer, peerAddress } from './grpc-server.ts'
import type { InflightHold } from './inflight.ts'
import type { IntakeAccepted, IntakeFault } from './intake.ts'
import { GRPC_PEERS_MAX, HEALTH_POLL_MS, HEALTH_WATCHERS_MAX } from './limits.ts'
import type { Reception } from './reception.ts'
import { type Signal, WRITE_SCOPES } from './signal.ts'
import { refusalText } from './text-doors-forms.ts'

/** One service that takes telemetry by a method of one request and one answer. */
interface ExportService {
  readonly signal: Signal
  readonly receiver: string
  readonly name: string
  readonly method: string
  readonly format: PayloadFormat
  /** The answer's message, or why the sender is told that some were refused. */
  readonly answerOf: (outcome: IntakeAccepted, reception: Reception) => Result<Uint8Array, IntakeFault>
}

function otlpService(signal: Signal, name: string, format: PayloadFormat): ExportService {
  return {
    signal,
    receiver: 'otlp-grpc',
    name: `opentelemetry.proto.collector.${name}`,
    method: 'Export',
    format,
    answerOf: ({ refused, warnings }, { codec }) =>
      ok(codec.encodeExportResponse(codec.partialSuccess(refused, warnings))),
  }
}

/** Source: jaegertracing/jaeger-idl proto/api_v2/collector.proto. Its answer has no members. */
const JAEGER: ExportService = {
  signal: 'traces',
  receiver: 'jaeger-grpc',
  name: 'jaeger.api_v2.CollectorService',
  method: 'PostSpans',
  format: PAYLOAD_FORMATS.jaegerProtobuf,
  answerOf: (outcome) => {
    const refused = refusalText(outcome)
    if (refused === '') return ok(new Uint8Array(0))
    return err(fault('bad_request', `some spans were refused, the others are stored: ${refused}`))
  },
}

const SERVICES: readonly ExportService[] = [
  otlpService('metrics', 'metrics.v1.MetricsService', PAYLOAD_FORMATS.otlpMetricsProtobuf),
  otlpService('logs', 'logs.v1.LogsService', PAYLOAD_FORMATS.otlpLogsProtobuf),
  otlpService('traces', 'trace.v1.TraceService', PAYLOAD_FORMATS.otlpTracesProtobuf),
  JAEGER,
]
const SERVED: ReadonlySet<string> = new Set(SERVICES.map((service) => service.name))

function exportPath(service: ExportService): string {
  return `/${service.name}/${service.method}`
}

/** The mean size of messages forgets after so many. */
const USUAL_MESSAGES = 32
/** Of `ingest.maxInflightBytes`, what an unread message may be expected to need: large ones must not shut out all others. */
const EXPECTED_SHARE = 1 / 8

export interface ExportGrpcOptions {
  readonly host: string
  /** 0 = any that is free. */
  readonly port: number
  readonly reception: Reception
}

export interface ExportGrpcDoor {
  readonly port: number
  /** No new calls; running ones have `graceMs`, then they are cut. */
  close(graceMs: number): Promise<void>
}

/**
 * Opens OTLP/gRPC for metrics, logs and traces, Jaeger's `PostSpans`, and the health service. Messages arrive as bytes:
 * decoding is the intake's, so that bad bytes answer INVALID_ARGUMENT (the library's own decode errors answer INTERNAL).
 * Rejects where the address cannot be bound.
 */
export async function startExportGrpc(options: ExportGrpcOptions): Promise<ExportGrpcDoor> {
  const { reception } = options
  const doors = new Map(SERVICES.map((service) => [exportPath(service), new ExportDoor(service, reception)]))
  const health = new HealthDoor(reception)
  const server = newGrpcServer(reception, {
    interceptors: [(method, call) => doors.get(method.path)?.guard(call) ?? new ServerInterceptingCall(call)],
  })
  for (const [path, door] of doors) {
    server.addService(
      { [path]: bytesMethod(path) },
      { [path]: (call: BytesCall, answer: sendUnaryData<Buffer>) => void door.serve(call, answer) },
    )
  }
  server.addService(
    {
      Check: bytesMethod(`/${HEALTH_SERVICE}/Check`),
      Watch: bytesMethod(`/${HEALTH_SERVICE}/Watch`, { responseStream: true }),
    },
    {
      Check: (call: BytesCall, answer: sendUnaryData<Buffer>) => health.check(call, answer),
      Watch: (call: BytesStream) => health.watch(call),
    },
  )
  const port = await bindGrpc(server, options)
  const close = (graceMs: number) => {
    health.close()
    return closeGrpc(server, graceMs)
  }
  return { port, close }
}

type BytesCall = ServerUnaryCall<Buffer, Buffer>
type BytesStream = ServerWritableStream<Buffer, Buffer>

/** One call between its metadata and its answer. */
interface GrpcVisit {
  readonly signal: Signal
  readonly receiver: string
  readonly startedMonotonicMs: number
  tenant: TenantId | undefined
  wireBytes: number
  sender: string
  hold: InflightHold | undefined
}

/** The service of one signal: the same checks in the same order as the HTTP doors, the body by the library. */
class ExportDoor {
  readonly #service: ExportService
  readonly #reception: Reception
  #usualBytes = 0
  /** Calls that were let in, by the metadata object that the library hands to the handler. */
  readonly #visits = new WeakMap<Metadata, GrpcVisit>()
  readonly #peers = new Map<string, object>()

  constructor(service: ExportService, reception: Reception) {
    this.#service = service
    this.#reception = reception
  }

  /** Steps 2–8 on the metadata, before the library reads a message. */
  guard(call: ServerInterceptingCallInterface): ServerInterceptingCall {
    let visit: GrpcVisit | undefined
    return new ServerInterceptingCall(call, {
      start: (next) => {
        next({
          onReceiveMetadata: (metadata, passOn) => {
            const admitted = this.#admit(call, metadata)
            if (!admitted.ok) {
              call.sendStatus(grpcStatus(admitted.error, this.#reception))
              return
            }
            visit = admitted.value
            this.#visits.set(metadata, visit)
            passOn(metadata)
          },
          // The call ended before its message was whole: no handler will release the hold.
          onCancel: () => visit?.hold?.release(),
        })
      },
    })
  }

  /** Steps 9–14. Never rejects. */
  async serve(call: BytesCall, answer: sendUnaryData<Buffer>): Promise<void> {
    const visit = this.#visits.get(call.metadata) as GrpcVisit
    const { hold } = visit
    // From here on the hold is released below, however the call ends.
    visit.hold = undefined
    visit.wireBytes = call.request.length
    this.#usualBytes += Math.round((call.request.length - this.#usualBytes) / USUAL_MESSAGES)
    try {
      const outcome = hold?.ensure(call.request.length) ? await this.#submit(call, visit) : err(inflightFault())
      if (!outcome.ok) {
        this.#reception.counts.refused(visit, outcome.error)
        answer(grpcStatus(outcome.error, this.#reception))
        return
      }
      this.#reception.counts.accepted(visit, outcome.value)
      const message = this.#service.answerOf(outcome.value, this.#reception)
      if (message.ok) answer(null, Buffer.from(message.value))
      else answer(grpcStatus(message.error, this.#reception))
    } finally {
      hold?.release()
    }
  }

  async #submit(call: BytesCall, visit: GrpcVisit): Promise<Result<IntakeAccepted, IntakeFault>> {
    try {
      return await this.#reception.submit({
        tenant: visit.tenant as TenantId,
        sender: visit.sender,
        receiver: this.#service.receiver,
        format: this.#service.format,
        encoding: PAYLOAD_ENCODINGS.identity,
        raw: call.request,
        body: call.request,
        bodyLength: call.request.length,
        connection: this.#connection(call.getPeer()),
      })
    } catch (error) {
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
      this.#reception.logger.error('a request met a bug', { receiver: this.#service.receiver, error: detail })
      return err(fault('internal', 'internal error'))
    }
  }

  #admit(call: ServerInterceptingCallInterface, metadata: Metadata): Result<GrpcVisit, IntakeFault> {
    const startedMonotonicMs = this.#reception.clock.monotonicMs()
    const visit: GrpcVisit = {
      signal: this.#service.signal,
      receiver: this.#service.receiver,
      startedMonotonicMs,
      tenant: undefined,
      wireBytes: 0,
      sender: '',
      hold: undefined,
    }
    const expectedBytes = Math.min(
      this.#usualBytes,
      Math.floor(this.#reception.limits.maxInflightBytes * EXPECTED_SHARE),
    )
    const admitted = admit(grpcArrival(this.#service, call, metadata, expectedBytes), this.#reception, (tenant) => {
      visit.tenant = tenant
    })
    if (!admitted.ok) {
      this.#reception.counts.refused(visit, admitted.error)
      return admitted
    }
    visit.hold = admitted.value.hold
    visit.sender = admitted.value.sender
    return ok(visit)
  }

  /** One object a connection, as far as the library tells connections apart; the oldest are forgotten. */
  #connection(peer: string): object {
    let found = this.#peers.get(peer)
    if (found === undefined) {
      if (this.#peers.size >= GRPC_PEERS_MAX) this.#peers.delete(this.#peers.keys().next().value as string)
      found = { peer }
      this.#peers.set(peer, found)
    }
    return found
  }
}

function grpcArrival(
  service: ExportService,
  call: ServerInterceptingCallInterface,
  metadata: Metadata,
  expectedBytes: number,
): Arrival {
  return {
    receiver: service.receiver,
    scope: WRITE_SCOPES[service.signal],
    authority: call.getHost(),
    header: (name) => metadata.get(name)[0]?.toString(),
    isMethodAllowed: true,
    urlBytes: exportPath(service).length,
    // A message's length is known with its first bytes, which the library reads.
    contentLength: undefined,
    expectedBytes,
    remoteAddress: peerAddress(call.getPeer()),
    readForm: () => ok({ kind: 'protobuf', packing: 'none' }),
  }
}

/** `grpc.health.v1.Health`; needs no credential. */
class HealthDoor {
  readonly #reception: Reception
  readonly #watchers = new Map<BytesStream, { readonly service: string; last: number }>()
  #timer: NodeJS.Timeout | undefined

  constructor(reception: Reception) {
    this.#reception = reception
  }

  check(call: BytesCall, answer: sendUnaryData<Buffer>): void {
    const service = decodeHealthRequest(call.request)
    if (service === undefined) {
      answer(plainStatus('bad_request', 'want a HealthCheckRequest'))
      return
    }
    const status = healthOf(service, SERVED, this.#reception.phase())
    if (isUnknownService(status)) answer(plainStatus('not_found', 'unknown service'))
    else answer(null, encodeHealthResponse(status))
  }

  /** Sends the state now and at every change, until the client or the server leaves. */
  watch(call: BytesStream): void {
    const service = decodeHealthRequest(call.request)
    if (service === undefined || this.#watchers.size >= HEALTH_WATCHERS_MAX) {
      const code = service === undefined ? 'bad_request' : 'too_many'
      call.emit('error', plainStatus(code, service === undefined ? 'want a HealthCheckRequest' : 'too many watchers'))
      return
    }
    this.#watchers.set(call, { service, last: 0 })
    call.once('cancelled', () => this.#leave(call))
    call.once('close', () => this.#leave(call))
    this.#timer ??= setInterval(() => this.#tell(), HEALTH_POLL_MS).unref()
    this.#tell()
  }

  close(): void {
    this.#tell()
    for (const call of [...this.#watchers.keys()]) {
      this.#leave(call)
      call.end()
    }
  }

  #tell(): void {
    const phase = this.#reception.phase()
    for (const [call, watcher] of this.#watchers) {
      const status = healthOf(watcher.service, SERVED, phase)
      if (status === watcher.last) continue
      watcher.last = status
      call.write(encodeHealthResponse(status))
    }
  }

  #leave(call: BytesStream): void {
    this.#watchers.delete(call)
    if (this.#watchers.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}

function plainStatus(code: 'bad_request' | 'not_found' | 'too_many', details: string): ServerErrorResponse {
  return { name: code, message: details, code: STATUS[code].grpc, details }
}
