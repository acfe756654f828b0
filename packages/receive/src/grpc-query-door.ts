import { err, type Fault, fault, type Result, type TenantId } from '@vantage/model'
import type { Scope } from './auth.ts'
import type { CallTaker, GrpcCall } from './grpc-call.ts'
import { HEALTH_SERVICE } from './grpc-health.ts'
import { HealthDoor } from './grpc-health-door.ts'
import { type GrpcMethod, type GrpcServer, startGrpcServer } from './grpc-server.ts'
import type { Reception } from './reception.ts'

/** A query with its conditions fits; anything larger is no such request. */
const REQUEST_BYTES_MAX = 512 * 1024

/** A question, as far as its door has read it. */
export interface GrpcQuestion {
  readonly tenant: TenantId
  readonly message: Uint8Array
  /** Aborted when the caller goes away. */
  readonly signal: AbortSignal
  /** Sends messages in front of the answer, each framed. */
  send(framed: Uint8Array): void
}

/** A method that answers one message by one or more. */
export interface GrpcQueryMethod {
  /** `package.Service` */
  readonly service: string
  readonly name: string
  readonly scope: Scope
  /** @returns messages one behind the other, each framed */
  answer(question: GrpcQuestion): Promise<Result<Uint8Array, Fault>>
}

export interface QuestionMethods {
  readonly methods: readonly GrpcQueryMethod[]
  /** Why nothing can be answered now (starting, draining). */
  readonly unready: () => Fault | undefined
}

export interface QueryGrpcOptions extends QuestionMethods {
  readonly host: string
  /** 0 = any that is free; undefined = none: it serves the connections that it is given. */
  readonly port: number | undefined
  readonly reception: Reception
}

/** By path: what answers questions. */
export function questionMethods(questions: QuestionMethods, reception: Reception): Map<string, GrpcMethod> {
  return new Map(
    questions.methods.map((method) => [
      `/${method.service}/${method.name}`,
      (call) => openQuestion(call, method, questions, reception),
    ]),
  )
}

/** Takes questions over gRPC, and serves their health. Rejects where the address cannot be bound. */
export async function startQueryGrpc(options: QueryGrpcOptions): Promise<GrpcServer> {
  const { host, port, reception } = options
  const health = new HealthDoor(reception, new Set(options.methods.map(({ service }) => service)))
  const methods = questionMethods(options, reception)
  methods.set(`/${HEALTH_SERVICE}/Check`, (call) => health.check(call))
  methods.set(`/${HEALTH_SERVICE}/Watch`, (call) => health.watch(call))
  const server = await startGrpcServer({ host, port, reception, methods })
  const close = (graceMs: number) => {
    health.close()
    return server.close(graceMs)
  }
  return { ...server, close }
}

/** Readiness and credential first, then the message. */
function openQuestion(
  call: GrpcCall,
  method: GrpcQueryMethod,
  { unready }: QuestionMethods,
  reception: Reception,
): CallTaker | undefined {
  const notReady = unready()
  const source = { authority: call.authority, header: (name: string) => call.header(name) }
  const credential = notReady === undefined ? reception.auth.check(source, method.scope) : err(notReady)
  if (!credential.ok) {
    call.fail(credential.error)
    return undefined
  }
  const { tenant } = credential.value
  const abort = new AbortController()
  let message: Uint8Array | undefined
  call.expectMessage()
  return {
    begin: (bytes) => {
      if (message !== undefined) return fault('bad_request', 'want one message, got another')
      if (bytes <= REQUEST_BYTES_MAX) return undefined
      return fault('too_large', `message: want at most ${REQUEST_BYTES_MAX} bytes, got ${bytes}`)
    },
    message: (buffer, bytes) => {
      message = buffer.bytes.slice(0, bytes)
      reception.buffers.give(buffer)
    },
    end: () => {
      if (message === undefined) call.fail(fault('bad_request', 'want one message, got none'))
      else
        void answerCall(
          call,
          method,
          { tenant, message, signal: abort.signal, send: (framed) => call.sendFramed(framed) },
          reception,
        )
    },
    cancelled: () => abort.abort(),
  }
}

async function answerCall(
  call: GrpcCall,
  method: GrpcQueryMethod,
  question: GrpcQuestion,
  { logger }: Reception,
): Promise<void> {
  try {
    const answer = await method.answer(question)
    if (answer.ok) call.finishWith(answer.value)
    else call.fail(answer.error)
  } catch (error) {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
    logger.error('a question met a bug', { method: `${method.service}/${method.name}`, error: detail })
    call.fail(fault('internal', 'internal error'))
  }
}
