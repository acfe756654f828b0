import { type Fault, fault, type Result, type TenantId } from '@vantage/model'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Admitted, type Arrival, admit, type BodyForm } from './admission.ts'
import { BodyReader, type ReadBody } from './body.ts'
import { byteRateFault, unpackedBytes } from './byte-rates.ts'
import type { Answer } from './http-answers.ts'
import { announcedBytes, dropConnection, sendAnswer } from './http-reply.ts'
import { grantContinue } from './http-server.ts'
import type { IntakeAccepted, IntakeFault } from './intake.ts'
import type { Reception } from './reception.ts'
import { withRetryAfter } from './retry-after.ts'
import { type Signal, WRITE_SCOPES } from './signal.ts'

/** A request that passed steps 1–9, as a door takes it. */
export interface Taken {
  readonly tenant: TenantId
  readonly sender: string
  readonly reception: Reception
  readonly method: string
  /** As sent, `/path?query`. */
  readonly url: string
  readonly contentType: string | undefined
  readonly body: ReadBody
  readonly connection: object
}

/** A family of paths with one way to take bodies and to answer. */
export interface TextDoor {
  readonly signal: Signal
  readonly receiver: string
  readonly paths: readonly string[]
  readonly methods: readonly ('GET' | 'POST' | 'PUT' | 'DELETE')[]
  /** Other methods of its paths are somebody else's; otherwise they are refused here. */
  readonly isShared?: true
  readonly readForm: (contentType: string | undefined, contentEncoding: string | undefined) => Result<BodyForm, Fault>
  /** Steps 10–13. */
  readonly take: (taken: Taken) => Promise<Result<IntakeAccepted, IntakeFault>>
  readonly accepted: (outcome: IntakeAccepted, method: string, url: string) => Answer
  readonly refused: (problem: IntakeFault) => Answer
}

/** One HTTP request at a text door, from its headers to its answer; the order of checks is `admit`'s. */
export class TextVisit {
  readonly signal: Signal
  readonly receiver: string
  tenant: TenantId | undefined
  wireBytes = 0
  readonly startedMonotonicMs: number
  readonly #door: TextDoor
  readonly #reception: Reception
  readonly #request: FastifyRequest
  readonly #reply: FastifyReply

  constructor(door: TextDoor, reception: Reception, request: FastifyRequest, reply: FastifyReply) {
    this.#door = door
    this.#reception = reception
    this.#request = request
    this.#reply = reply
    this.signal = door.signal
    this.receiver = door.receiver
    this.startedMonotonicMs = reception.clock.monotonicMs()
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
      return await this.#take(admitted.value, body.value)
    } catch (error) {
      return this.#refuse(this.#bug(error))
    } finally {
      reader.give()
      hold.release()
    }
  }

  async #take({ tenant, sender, form }: Admitted, body: ReadBody): Promise<FastifyReply> {
    const tooMuch = byteRateFault(this.#reception, this.signal, tenant, unpackedBytes(form, body))
    if (tooMuch !== undefined) return this.#refuse(tooMuch)
    const outcome = await this.#door.take({
      tenant,
      sender,
      reception: this.#reception,
      method: this.#request.method,
      url: this.#request.raw.url ?? '',
      contentType: this.#request.headers['content-type'],
      body,
      connection: this.#request.raw.socket,
    })
    if (!outcome.ok) return this.#refuse(outcome.error)
    this.#reception.counts.accepted(this, outcome.value)
    const { method, raw } = this.#request
    sendAnswer(this.#request, this.#reply, this.#door.accepted(outcome.value, method, raw.url ?? ''), this.wireBytes)
    return this.#reply
  }

  #refuse(refusal: IntakeFault): FastifyReply {
    const { methods } = this.#door
    const isMethod = refusal.code === 'wrong_method'
    const named = isMethod ? { ...refusal, message: `want ${methods.join(' or ')}` } : refusal
    this.#reception.counts.refused(this, named)
    if (named.code === 'cancelled') {
      dropConnection(this.#request, this.#reply)
      return this.#reply
    }
    const answer = this.#door.refused(withRetryAfter(named, this.#reception.random))
    const headers = isMethod ? { ...answer.headers, allow: methods.join(', ') } : answer.headers
    sendAnswer(this.#request, this.#reply, { ...answer, headers }, this.wireBytes)
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
      header: (name) => credentialHeader(headers, name),
      isMethodAllowed: (this.#door.methods as readonly string[]).includes(method),
      urlBytes: (raw.url ?? '').length,
      contentLength: announcedBytes(this.#request),
      remoteAddress: raw.socket.remoteAddress ?? '',
      readForm: () => this.#door.readForm(headers['content-type'], headers['content-encoding']),
    }
  }
}

/**
 * A header, with the credentials of these clients in the form that is checked: `Token KEY` of InfluxDB 2, and the
 * password of `Basic`, which InfluxDB 1 and Pushgateway clients send.
 */
export function credentialHeader(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  name: string,
): string | undefined {
  const value = headers[name]
  const text = Array.isArray(value) ? value.join(', ') : value
  if (name !== 'authorization' || text === undefined) return text
  const token = /^token +(\S+) *$/i.exec(text)?.[1]
  if (token !== undefined) return `Bearer ${token}`
  const basic = /^basic +(\S+) *$/i.exec(text)?.[1]
  if (basic === undefined) return text
  return `Bearer ${Buffer.from(basic, 'base64')
    .toString()
    .replace(/^[^:]*:/, '')}`
}
