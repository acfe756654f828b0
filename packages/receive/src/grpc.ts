import type { ReusableBuffer } from '@vantage/bytes'
import {
  err,
  type Fault,
  fault,
  ok,
  PAYLOAD_ENCODINGS,
  PAYLOAD_FORMATS,
  type PayloadFormat,
  type Result,
  type TenantId,
} from '@vantage/model'
import { type Arrival, admit, inflightFault } from './admission.ts'
import { byteRateFault } from './byte-rates.ts'
import type { CallTaker, GrpcCall } from './grpc-call.ts'
import { HEALTH_SERVICE } from './grpc-health.ts'
import { HealthDoor } from './grpc-health-door.ts'
import { type QuestionMethods, questionMethods } from './grpc-query-door.ts'
import { type GrpcMethod, type GrpcServer, startGrpcServer } from './grpc-server.ts'
import type { InflightHold } from './inflight.ts'
import type { IntakeAccepted, IntakeFault } from './intake.ts'
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
  /** What senders ask where they send. */
  readonly questions?: QuestionMethods
}

/**
 * Opens OTLP/gRPC for metrics, logs and traces, Jaeger's `PostSpans`, and the health service. Messages arrive as bytes:
 * decoding is the intake's, so that bad bytes answer INVALID_ARGUMENT. Rejects where the address cannot be bound.
 */
export async function startExportGrpc({ host, port, reception, questions }: ExportGrpcOptions): Promise<GrpcServer> {
  const methods = questions === undefined ? new Map<string, GrpcMethod>() : questionMethods(questions, reception)
  for (const service of SERVICES) {
    reception.counts.open(service)
    const door = new ExportDoor(service, reception)
    methods.set(exportPath(service), (call) => door.open(call))
  }
  const health = new HealthDoor(reception, SERVED)
  methods.set(`/${HEALTH_SERVICE}/Check`, (call) => health.check(call))
  methods.set(`/${HEALTH_SERVICE}/Watch`, (call) => health.watch(call))
  const server = await startGrpcServer({ host, port, reception, methods })
  const close = (graceMs: number) => {
    health.close()
    return server.close(graceMs)
  }
  return { ...server, close }
}

/** One call between its headers and its answer. */
interface GrpcVisit {
  readonly signal: Signal
  readonly receiver: string
  readonly startedMonotonicMs: number
  tenant: TenantId | undefined
  wireBytes: number
}

/** The service of one signal: the same checks in the same order as the HTTP doors. */
class ExportDoor {
  readonly service: ExportService
  readonly reception: Reception
  #usualBytes = 0

  constructor(service: ExportService, reception: Reception) {
    this.service = service
    this.reception = reception
  }

  /** Steps 2–8 on the headers, before a message is read. */
  open(call: GrpcCall): CallTaker | undefined {
    const { clock, counts, limits } = this.reception
    const { signal, receiver } = this.service
    const visit: GrpcVisit = {
      signal,
      receiver,
      startedMonotonicMs: clock.monotonicMs(),
      tenant: undefined,
      wireBytes: 0,
    }
    const expectedBytes = Math.min(this.#usualBytes, Math.floor(limits.maxInflightBytes * EXPECTED_SHARE))
    const admitted = admit(grpcArrival(this.service, call, expectedBytes), this.reception, (tenant) => {
      visit.tenant = tenant
    })
    if (!admitted.ok) {
      counts.refused(visit, admitted.error)
      call.fail(admitted.error)
      return undefined
    }
    call.expectMessage()
    return new ExportCall(this, call, visit, admitted.value.sender, admitted.value.hold)
  }

  noteSize(bytes: number): void {
    this.#usualBytes += Math.round((bytes - this.#usualBytes) / USUAL_MESSAGES)
  }
}

/** Steps 9–14 of one call. */
class ExportCall implements CallTaker {
  readonly #door: ExportDoor
  readonly #call: GrpcCall
  readonly #visit: GrpcVisit
  readonly #sender: string
  readonly #hold: InflightHold
  #buffer: ReusableBuffer | undefined
  #isServing = false

  constructor(door: ExportDoor, call: GrpcCall, visit: GrpcVisit, sender: string, hold: InflightHold) {
    this.#door = door
    this.#call = call
    this.#visit = visit
    this.#sender = sender
    this.#hold = hold
  }

  begin(bytes: number): Fault | undefined {
    if (this.#buffer !== undefined) return fault('bad_request', 'want one message in a call, got another')
    return this.#hold.ensure(bytes) ? undefined : inflightFault()
  }

  message(buffer: ReusableBuffer, bytes: number): void {
    this.#buffer = buffer
    this.#visit.wireBytes = bytes
    this.#door.noteSize(bytes)
  }

  end(): void {
    if (this.#buffer !== undefined) {
      void this.#serve(this.#buffer)
      return
    }
    const refusal = fault('bad_request', 'want one message in a call, got none')
    this.cancelled(refusal)
    this.#call.fail(refusal)
  }

  cancelled(refusal: Fault | undefined): void {
    const { counts, buffers } = this.#door.reception
    if (refusal !== undefined) counts.refused(this.#visit, refusal)
    if (this.#isServing) return
    this.#hold.release()
    if (this.#buffer !== undefined) buffers.give(this.#buffer)
    this.#buffer = undefined
  }

  /** From here on buffer and hold are given back below, however the call ends. Never rejects. */
  async #serve(buffer: ReusableBuffer): Promise<void> {
    const { service, reception } = this.#door
    this.#isServing = true
    try {
      const outcome = await this.#submit(buffer)
      if (!outcome.ok) {
        reception.counts.refused(this.#visit, outcome.error)
        this.#call.fail(outcome.error)
        return
      }
      reception.counts.accepted(this.#visit, outcome.value)
      const message = service.answerOf(outcome.value, reception)
      if (!message.ok) this.#call.fail(message.error)
      else {
        this.#call.send(message.value)
        this.#call.finish()
      }
    } finally {
      reception.buffers.give(buffer)
      this.#hold.release()
    }
  }

  async #submit({ bytes }: ReusableBuffer): Promise<Result<IntakeAccepted, IntakeFault>> {
    const { service, reception } = this.#door
    const { wireBytes } = this.#visit
    const tenant = this.#visit.tenant as TenantId
    const tooMuch = byteRateFault(reception, service.signal, tenant, wireBytes)
    if (tooMuch !== undefined) return err(tooMuch)
    try {
      return await reception.submit({
        tenant,
        sender: this.#sender,
        receiver: service.receiver,
        format: service.format,
        encoding: PAYLOAD_ENCODINGS.identity,
        raw: bytes.subarray(0, wireBytes),
        body: bytes,
        bodyLength: wireBytes,
        connection: this.#call.connection,
      })
    } catch (error) {
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
      reception.logger.error('a request met a bug', { receiver: service.receiver, error: detail })
      return err(fault('internal', 'internal error'))
    }
  }
}

function grpcArrival(service: ExportService, call: GrpcCall, expectedBytes: number): Arrival {
  return {
    receiver: service.receiver,
    scope: WRITE_SCOPES[service.signal],
    authority: call.authority,
    header: (name) => call.header(name),
    isMethodAllowed: true,
    urlBytes: call.path.length,
    // A message's length is known with its first bytes, which come later.
    contentLength: undefined,
    expectedBytes,
    remoteAddress: call.remoteAddress,
    readForm: () => ok({ kind: 'protobuf', packing: 'none' }),
  }
}
