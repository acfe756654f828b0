import { PAYLOAD_FORMATS, type PayloadFormat, type Result } from '@vantage/model'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Admitted, type BodyForm, otlpForm, remoteWriteForm } from './admission.ts'
import type { ReadBody } from './body.ts'
import { type Answer, acceptedAnswer, type Face, faultAnswer } from './http-answers.ts'
import { holdContinue } from './http-server.ts'
import { type HttpDoor, HttpVisit } from './http-visit.ts'
import type { IntakeAccepted, IntakeFault } from './intake.ts'
import type { Reception } from './reception.ts'
import type { Signal } from './signal.ts'

/** Bytes of a JSON body in which the key must come that tells a plain batch from OTLP; without it, it is OTLP. */
const JSON_SHAPE_BYTES_MAX = 64 * 1_024

/** A family of paths that take the same bodies. */
interface Door extends HttpDoor {
  /** The face of answers given before the body is known. */
  readonly faceOf: (contentType: string | undefined) => Face
  readonly formatOf: (form: BodyForm) => PayloadFormat
}

const REMOTE_WRITE: Door = {
  signal: 'metrics',
  receiver: 'remote-write',
  paths: ['/api/v1/write', '/api/v1/push', '/api/prom/push'],
  readForm: remoteWriteForm,
  faceOf: () => 'remote-write',
  formatOf: ({ remoteWriteVersion }) =>
    remoteWriteVersion === 2 ? PAYLOAD_FORMATS.remoteWriteV2Snappy : PAYLOAD_FORMATS.remoteWriteV1Snappy,
}

function otlpDoor(
  signal: Signal,
  paths: readonly string[],
  formats: { readonly protobuf: PayloadFormat; readonly json: PayloadFormat },
): Door {
  return {
    signal,
    receiver: 'otlp-http',
    paths,
    readForm: otlpForm,
    faceOf: (contentType) =>
      /^\s*application\/(x-)?protobuf/i.test(contentType ?? '') ? 'otlp-protobuf' : 'otlp-json',
    formatOf: ({ kind }) => formats[kind],
  }
}

const DOORS: readonly Door[] = [
  REMOTE_WRITE,
  otlpDoor('metrics', ['/v1/metrics', '/otlp/v1/metrics', '/api/v1/otlp/v1/metrics', '/opentelemetry/v1/metrics'], {
    protobuf: PAYLOAD_FORMATS.otlpMetricsProtobuf,
    json: PAYLOAD_FORMATS.otlpMetricsJson,
  }),
  otlpDoor('logs', ['/v1/logs', '/otlp/v1/logs', '/loki/otlp/v1/logs', '/opentelemetry/v1/logs'], {
    protobuf: PAYLOAD_FORMATS.otlpLogsProtobuf,
    json: PAYLOAD_FORMATS.otlpLogsJson,
  }),
  otlpDoor('traces', ['/v1/traces', '/otlp/v1/traces', '/opentelemetry/v1/traces'], {
    protobuf: PAYLOAD_FORMATS.otlpTracesProtobuf,
    json: PAYLOAD_FORMATS.otlpTracesJson,
  }),
]

/** Paths of the doors: for hosts that route by hand. */
export const DOOR_PATHS: ReadonlySet<string> = new Set(DOORS.flatMap((door) => door.paths))

/**
 * Adds these doors to a server: remote write 1.0 and 2.0, OTLP/HTTP of all signals (protobuf, JSON), plain JSON
 * batches.
 *
 * A request is served in Fastify's first hook: the order of checks is ours alone (a body parser that refuses a
 * media type before the credential was checked would break it), and the body is read straight from the socket.
 */
export function registerDoors(app: FastifyInstance, reception: Reception): void {
  holdContinue(app.server, DOOR_PATHS)
  for (const door of DOORS) {
    reception.counts.open(door)
    for (const url of door.paths) {
      app.route({
        method: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
        url,
        onRequest: (request, reply) => new DoorVisit(door, reception, request, reply).serve(),
        handler: () => {
          throw new Error('BUG: a door answers in its first hook')
        },
      })
    }
  }
}

/** A request at a door of binary or JSON bodies. */
class DoorVisit extends HttpVisit<Door> {
  #face: Face

  constructor(door: Door, reception: Reception, request: FastifyRequest, reply: FastifyReply) {
    super(door, reception, request, reply)
    this.#face = door.faceOf(request.headers['content-type'])
  }

  protected get isMethodAllowed(): boolean {
    return this.request.method === 'POST'
  }

  protected take({ tenant, sender, form }: Admitted, body: ReadBody): Promise<Result<IntakeAccepted, IntakeFault>> {
    // First: it may change the receiver.
    const format = this.#recognise(form, body)
    const { receiver } = this
    return this.reception.submit({
      ...{ tenant, sender, format, receiver },
      ...body,
      connection: this.request.raw.socket,
    })
  }

  protected accepted(outcome: IntakeAccepted): Answer {
    return acceptedAnswer(this.#face, this.signal, outcome, this.reception.codec)
  }

  protected refused(problem: IntakeFault): Answer {
    return faultAnswer(this.#face, problem, this.reception.codec, this.request.id)
  }

  /** Names the payload; a plain JSON batch at the OTLP door is known by its body only and changes the face. */
  #recognise(form: BodyForm, { body, bodyLength }: ReadBody): PayloadFormat {
    const format = this.door.formatOf(form)
    const mayBeBatch = format === PAYLOAD_FORMATS.otlpMetricsJson
    if (!mayBeBatch || !this.reception.codec.isJsonBatch(body, Math.min(bodyLength, JSON_SHAPE_BYTES_MAX))) {
      return format
    }
    this.receiver = 'json-batch'
    this.#face = 'json-batch'
    return PAYLOAD_FORMATS.jsonBatch
  }
}
