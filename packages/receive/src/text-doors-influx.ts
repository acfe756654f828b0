import { type Code, err, fault, foreign, PAYLOAD_FORMATS, type PayloadFormat, STATUS } from '@vantage/model'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { httpCredentialSource } from './auth.ts'
import type { Answer } from './http-answers.ts'
import type { IntakeAccepted, IntakeFault } from './intake.ts'
import type { Reception } from './reception.ts'
import { faultHeaders, queryOf, refusalText, textForm } from './text-doors-forms.ts'
import type { TextDoor } from './text-doors-visit.ts'

/** InfluxDB's words for the precision of times, old and new; none is nanoseconds. */
const FORMATS: ReadonlyMap<string, PayloadFormat> = new Map([
  ['', PAYLOAD_FORMATS.influxNs],
  ['n', PAYLOAD_FORMATS.influxNs],
  ['ns', PAYLOAD_FORMATS.influxNs],
  ['u', PAYLOAD_FORMATS.influxUs],
  ['us', PAYLOAD_FORMATS.influxUs],
  ['µ', PAYLOAD_FORMATS.influxUs],
  ['ms', PAYLOAD_FORMATS.influxMs],
  ['s', PAYLOAD_FORMATS.influxS],
  ['m', PAYLOAD_FORMATS.influxM],
  ['h', PAYLOAD_FORMATS.influxH],
])

/** `POST /write` of InfluxDB 1, `POST /api/v2/write` of InfluxDB 2. */
export const INFLUX_DOOR: TextDoor = {
  signal: 'metrics',
  receiver: 'influx',
  paths: ['/write', '/api/v2/write', '/influx/write', '/influx/api/v2/write'],
  methods: ['POST'],
  readForm: textForm,
  take: async ({ tenant, sender, reception, url, body, connection }) => {
    const precision = queryOf(url).get('precision') ?? ''
    const format = FORMATS.get(precision)
    if (format === undefined) {
      return err(
        fault('bad_request', `precision: want ns, us, ms, s, m or h, got ${JSON.stringify(foreign(precision))}`),
      )
    }
    return reception.submit({ tenant, sender, receiver: 'influx', format, ...body, connection })
  },
  accepted: (outcome) => influxAccepted(outcome),
  refused: (problem) => influxFault(problem),
}

function influxAccepted(outcome: IntakeAccepted): Answer {
  const refused = refusalText(outcome)
  // 400 and not 204: clients log it and do not send the lines again; the good ones are stored.
  if (refused !== '') return influxError(STATUS.bad_request.http, 'invalid', `partial write: ${refused}`)
  return { status: 204, headers: VERSION_HEADERS, body: '' }
}

/** The words of InfluxDB 2 for what a status says already. */
const WORDS: Readonly<Record<Code, string>> = {
  bad_request: 'invalid',
  unauthenticated: 'unauthorized',
  forbidden: 'forbidden',
  not_found: 'not found',
  wrong_method: 'method not allowed',
  conflict: 'conflict',
  stale: 'conflict',
  too_large: 'request too large',
  unsupported: 'unsupported media type',
  unprocessable: 'unprocessable entity',
  too_many: 'too many requests',
  cancelled: 'invalid',
  internal: 'internal error',
  unavailable: 'unavailable',
  timeout: 'unavailable',
}

function influxFault(problem: IntakeFault): Answer {
  const answer = influxError(STATUS[problem.code].http, WORDS[problem.code], problem.message)
  return { ...answer, headers: { ...answer.headers, ...faultHeaders(problem) } }
}

/** One body for both versions: `error` is read by 1, `code` and `message` by 2. */
function influxError(status: number, code: string, message: string): Answer {
  const headers = { ...VERSION_HEADERS, 'content-type': 'application/json' }
  return { status, headers, body: JSON.stringify({ code, message, error: message }) }
}

/** The version whose write API this is; clients look at it before they write. */
const VERSION_HEADERS = { 'x-influxdb-version': '1.8.10', 'x-influxdb-build': 'Vantage' }

/** Bytes of a statement that is read. */
const STATEMENT_BYTES_MAX = 65_536

/** What clients ask before they write: `/ping`, and `CREATE DATABASE`, as there is nothing to create. */
export function registerInfluxHandshake(app: FastifyInstance, reception: Reception): void {
  for (const prefix of ['', '/influx']) {
    app.route({
      method: ['GET', 'HEAD'],
      url: `${prefix}/ping`,
      handler: (_request, reply) => reply.code(204).headers(VERSION_HEADERS).send(),
    })
    app.route({
      method: ['GET', 'POST'],
      url: `${prefix}/query`,
      onRequest: async (request, reply) => {
        const answer = await statementAnswer(request, reception)
        return reply.code(answer.status).headers(answer.headers).send(answer.body)
      },
      handler: () => {
        throw new Error('BUG: a statement is answered in its first hook')
      },
    })
  }
}

async function statementAnswer(request: FastifyRequest, reception: Reception): Promise<Answer> {
  const credential = reception.auth.check(httpCredentialSource(request.headers), 'metrics:write')
  if (!credential.ok) return influxFault(credential.error)
  const statement = queryOf(request.raw.url ?? '').get('q') ?? (await statementOf(request)) ?? ''
  if (/^\s*create\s+database\s+\S/i.test(statement)) {
    const results = JSON.stringify({ results: [{ statement_id: 0 }] })
    return { status: 200, headers: { ...VERSION_HEADERS, 'content-type': 'application/json' }, body: results }
  }
  return influxError(STATUS.bad_request.http, 'invalid', 'want CREATE DATABASE: ask in PromQL at /api/v1/query')
}

/** The parameter `q` of a form body. */
async function statementOf(request: FastifyRequest): Promise<string | undefined> {
  let text = ''
  for await (const chunk of request.raw) {
    text += String(chunk)
    if (text.length > STATEMENT_BYTES_MAX) return undefined
  }
  return new URLSearchParams(text).get('q') ?? undefined
}
