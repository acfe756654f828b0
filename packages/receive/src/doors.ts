import { fault, PAYLOAD_FORMATS, type PayloadFormat, type Result, type TenantId } from '@vantage/model'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Admitted, type Arrival, admit, type BodyForm, otlpForm, remoteWriteForm } from './admission.ts'
import { BodyReader, type ReadBody } from './body.ts'
import { byteRateFault, unpackedBytes } from './byte-rates.ts'
import { acceptedAnswer, type Face, faultAnswer } from './http-answers.ts'
import { announcedBytes, dropConnection, sendAnswer } from './http-reply.ts'
import { grantContinue, holdContinue } from './http-server.ts'
import type { IntakeFault } from './intake.ts'
import type { Reception } from './reception.ts'
import { withRetryAfter } from './retry-after.ts'
import { type Signal, WRITE_SCOPES } from './signal.ts'

/** Bytes of a JSON body in which the key must come that tells a plain batch from OTLP; without it, it is OTLP. */
const JSON_SHAPE_BYTES_MAX = 64 * 1_024

/** A family of paths that take the same bodies. */
interface Door {
  readonly signal: Signal
  readonly receiver: string
  readonly paths: readonly string[]
  readonly readForm: (
    contentType: string | undefined,
    contentEncoding: string | undefined,
  ) => Result<BodyForm, IntakeFault>
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
        onRequest: (request, reply) => new HttpVisit(door, reception, request, reply).serve(),
        handler: () => {
          throw new Error('BUG: a door answers in its first hook')
        },
      })
    }
  }
}

/** One HTTP request at a door, from its headers to its answer. */
class HttpVisit {
  readonly signal: Signal
  receiver: string
  tenant: TenantId | undefined
  wireBytes = 0
  readonly startedMonotonicMs: number
  readonly #door: Door
  readonly #reception: Reception
  readonly #request: FastifyRequest
  readonly #reply: FastifyReply
  #face: Face

  constructor(door: Door, reception: Reception, request: FastifyRequest, reply: FastifyReply) {
    this.#door = door
    this.#reception = reception
    this.#request = request
    this.#reply = reply
    this.signal = door.signal
    this.receiver = door.receiver
    this.startedMonotonicMs = reception.clock.monotonicMs()
    this.#face = door.faceOf(request.headers['content-type'])
  }

  /** Steps 2–14. Never rejects: what breaks inside is a bug and answers `internal`. */
  async serve(): Promise<FastifyReply> {
    const admitted = admit(this.#arrival(), this.#reception, (tenant) => {
      this.tenant = tenant
    })
    if (!admitted.ok) return this.#refuse(admitted.error)
    grantContinue(this.#request.raw, this.#reply.raw)
    const { hold, form } = admitted.value
    const reader = new BodyReader(this.#reception, hold)
    try {
      const body = await reader.read(this.#request.raw, form)
      this.wireBytes = reader.wireBytes
      if (!body.ok) return this.#refuse(body.error)
      return await this.#submit(admitted.value, body.value)
    } catch (error) {
      return this.#refuse(this.#bug(error))
    } finally {
      reader.give()
      hold.release()
    }
  }

  async #submit({ tenant, sender, form }: Admitted, body: ReadBody): Promise<FastifyReply> {
    const tooMuch = byteRateFault(this.#reception, this.signal, tenant, unpackedBytes(form, body))
    if (tooMuch !== undefined) return this.#refuse(tooMuch)
    const outcome = await this.#reception.submit({
      tenant,
      sender,
      format: this.#recognise(form, body),
      receiver: this.receiver,
      ...body,
      connection: this.#request.raw.socket,
    })
    if (!outcome.ok) return this.#refuse(outcome.error)
    this.#reception.counts.accepted(this, outcome.value)
    const answer = acceptedAnswer(this.#face, this.signal, outcome.value, this.#reception.codec)
    sendAnswer(this.#request, this.#reply, answer, this.wireBytes)
    return this.#reply
  }

  /** Names the payload; a plain JSON batch at the OTLP door is known by its body only and changes the face. */
  #recognise(form: BodyForm, { body, bodyLength }: ReadBody): PayloadFormat {
    const format = this.#door.formatOf(form)
    const mayBeBatch = format === PAYLOAD_FORMATS.otlpMetricsJson
    if (!mayBeBatch || !this.#reception.codec.isJsonBatch(body, Math.min(bodyLength, JSON_SHAPE_BYTES_MAX))) {
      return format
    }
    this.receiver = 'json-batch'
    this.#face = 'json-batch'
    return PAYLOAD_FORMATS.jsonBatch
  }

  #refuse(refusal: IntakeFault): FastifyReply {
    this.#reception.counts.refused(this, refusal)
    if (refusal.code === 'cancelled') {
      dropConnection(this.#request, this.#reply)
      return this.#reply
    }
    const sent = withRetryAfter(refusal, this.#reception.random)
    const answer = faultAnswer(this.#face, sent, this.#reception.codec, this.#request.id)
    sendAnswer(this.#request, this.#reply, answer, this.wireBytes)
    return this.#reply
  }

  #bug(error: unknown): IntakeFault {
    const requestId = this.#request.id
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.#reception.logger.error('a request met a bug', { requestId, receiver: this.receiver, error: detail })
    return fault('internal', `internal error, request ${requestId}`)
  }

  #arrival(): Arrival {
    const { headers, method, raw } = this.#request
    return {
      receiver: this.receiver,
      scope: WRITE_SCOPES[this.signal],
      authority: headers.host,
      header: (name) => {
        const value = headers[name]
        return Array.isArray(value) ? value.join(', ') : value
      },
      isMethodAllowed: method === 'POST',
      urlBytes: (raw.url ?? '').length,
      contentLength: announcedBytes(this.#request),
      remoteAddress: raw.socket.remoteAddress ?? '',
      readForm: () => this.#door.readForm(headers['content-type'], headers['content-encoding']),
    }
  }
}
