import { fault, type Result, type TenantId } from '@vantage/model'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Admitted, type Arrival, admit, type BodyForm } from './admission.ts'
import { httpCredentialSource } from './auth.ts'
import { BodyReader, type ReadBody } from './body.ts'
import { byteRateFault, unpackedBytes } from './byte-rates.ts'
import type { Answer } from './http-answers.ts'
import { announcedBytes, dropConnection, sendAnswer } from './http-reply.ts'
import { grantContinue } from './http-server.ts'
import type { IntakeAccepted, IntakeFault } from './intake.ts'
import type { Reception } from './reception.ts'
import { withRetryAfter } from './retry-after.ts'
import { type Signal, WRITE_SCOPES } from './signal.ts'

/** What every door of HTTP has: its paths, and how it reads what a body is. */
export interface HttpDoor {
  readonly signal: Signal
  readonly receiver: string
  readonly paths: readonly string[]
  readonly readForm: (
    contentType: string | undefined,
    contentEncoding: string | undefined,
  ) => Result<BodyForm, IntakeFault>
}

/** One HTTP request at a door, from its headers to its answer; the order of checks is `admit`'s. */
export abstract class HttpVisit<D extends HttpDoor> {
  readonly signal: Signal
  receiver: string
  tenant: TenantId | undefined
  wireBytes = 0
  readonly startedMonotonicMs: number
  protected readonly door: D
  protected readonly reception: Reception
  protected readonly request: FastifyRequest
  readonly #reply: FastifyReply

  constructor(door: D, reception: Reception, request: FastifyRequest, reply: FastifyReply) {
    this.door = door
    this.reception = reception
    this.request = request
    this.#reply = reply
    this.signal = door.signal
    this.receiver = door.receiver
    this.startedMonotonicMs = reception.clock.monotonicMs()
  }

  /** Steps 10–13. */
  protected abstract take(admitted: Admitted, body: ReadBody): Promise<Result<IntakeAccepted, IntakeFault>>
  protected abstract accepted(outcome: IntakeAccepted): Answer
  protected abstract refused(problem: IntakeFault): Answer
  protected abstract readonly isMethodAllowed: boolean

  /** Steps 2–14. Never rejects: what breaks inside is a bug and answers `internal`. */
  async serve(): Promise<FastifyReply> {
    const admitted = admit(this.#arrival(), this.reception, (tenant) => {
      this.tenant = tenant
    })
    if (!admitted.ok) return this.#refuse(admitted.error)
    grantContinue(this.request.raw, this.#reply.raw)
    const { hold, form } = admitted.value
    const reader = new BodyReader(this.reception, hold)
    try {
      const body = await reader.read(this.request.raw, form)
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

  async #submit(admitted: Admitted, body: ReadBody): Promise<FastifyReply> {
    const tooMuch = byteRateFault(this.reception, this.signal, admitted.tenant, unpackedBytes(admitted.form, body))
    if (tooMuch !== undefined) return this.#refuse(tooMuch)
    const outcome = await this.take(admitted, body)
    if (!outcome.ok) return this.#refuse(outcome.error)
    this.reception.counts.accepted(this, outcome.value)
    return this.#send(this.accepted(outcome.value))
  }

  #refuse(refusal: IntakeFault): FastifyReply {
    this.reception.counts.refused(this, refusal)
    if (refusal.code === 'cancelled') {
      dropConnection(this.request, this.#reply)
      return this.#reply
    }
    return this.#send(this.refused(withRetryAfter(refusal, this.reception.random)))
  }

  #send(answer: Answer): FastifyReply {
    sendAnswer(this.request, this.#reply, answer, this.wireBytes)
    return this.#reply
  }

  #bug(error: unknown): IntakeFault {
    const requestId = this.request.id
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.reception.logger.error('a request met a bug', { requestId, receiver: this.receiver, error: detail })
    return fault('internal', `internal error, request ${requestId}`)
  }

  #arrival(): Arrival {
    const { headers, raw } = this.request
    return {
      receiver: this.receiver,
      scope: WRITE_SCOPES[this.signal],
      ...httpCredentialSource(headers),
      isMethodAllowed: this.isMethodAllowed,
      urlBytes: (raw.url ?? '').length,
      contentLength: announcedBytes(this.request),
      remoteAddress: raw.socket.remoteAddress ?? '',
      readForm: () => this.door.readForm(headers['content-type'], headers['content-encoding']),
    }
  }
}
