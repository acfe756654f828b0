import { type Clock, ok, STATUS, systemClock } from '@vantage/model'
import { Logger, Registry } from '@vantage/observe'
import Fastify, { type FastifyInstance } from 'fastify'
import { Auth, type GivenKey } from '../auth.ts'
import { registerDoors } from '../doors.ts'
import { httpServerOptions, limitConnections } from '../http-server.ts'
import type { IntakeAccepted, IntakeRequest, SubmitIntake } from '../intake.ts'
import { RECEIVE_LIMITS, type ReceiveLimits } from '../limits.ts'
import { RecentRequests } from '../recent.ts'
import { openReception, type Phase, type ReceiveCodec, type Reception } from '../reception.ts'

/** Answers as plain text, so that a test reads what the door passed on. */
const TEXT_CODEC: ReceiveCodec = {
  partialSuccess: (refused, warnings) => {
    if (refused.length + warnings.length === 0) return undefined
    const message = [...refused.map(({ reason, message }) => `${reason}: ${message}`), ...warnings].join('; ')
    return { rejected: refused.reduce((sum, { count }) => sum + count, 0), message }
  },
  encodeExportResponse: (partial) => Buffer.from(partial === undefined ? '' : `PARTIAL ${JSON.stringify(partial)}`),
  exportResponseJson: (partial, key) =>
    JSON.stringify(
      partial === undefined ? {} : { partialSuccess: { [key]: String(partial.rejected), message: partial.message } },
    ),
  encodeStatus: (fault) => Buffer.from(`STATUS ${STATUS[fault.code].grpc} ${fault.message}`),
  statusJson: ({ code, message }) => JSON.stringify({ code: STATUS[code].grpc, message }),
  isJsonBatch: (body, length) => Buffer.from(body.subarray(0, length)).toString().startsWith('{"metrics":['),
}

/** One request as the in-memory intake saw it, copied out of the borrowed buffers. */
export interface Submitted extends Omit<IntakeRequest, 'raw' | 'body' | 'bodyLength'> {
  readonly raw: Buffer
  readonly body: Buffer
}

/** Doors in front of an intake that remembers, every switch of which a test may turn. */
export interface TestReception {
  readonly reception: Reception
  readonly submitted: Submitted[]
  readonly lines: string[]
  phase: Phase
  pressure: 0 | 1 | 2
  /** What the intake answers; by default one sample taken. */
  submit: SubmitIntake
}

export interface TestOptions {
  readonly keys?: readonly GivenKey[]
  readonly allowedHosts?: readonly string[]
  readonly limits?: Partial<ReceiveLimits>
  readonly clock?: Clock
}

export const ONE_SAMPLE: IntakeAccepted = { items: 1, histograms: 0, exemplars: 0, refused: [], warnings: [] }

export function testReception(options: TestOptions = {}): TestReception {
  const clock = options.clock ?? systemClock
  const lines: string[] = []
  const submitted: Submitted[] = []
  const auth = new Auth({ keys: options.keys ?? [], allowedHosts: options.allowedHosts ?? [] })
  const self: Omit<TestReception, 'reception'> = {
    submitted,
    lines,
    phase: 'ready',
    pressure: 0,
    submit: async () => ok(ONE_SAMPLE),
  }
  const reception = openReception({
    submit: (request) => {
      const body = Buffer.from(request.body.subarray(0, request.bodyLength))
      submitted.push({ ...request, raw: Buffer.from(request.raw), body })
      return self.submit(request)
    },
    codec: TEXT_CODEC,
    auth,
    limits: { ...RECEIVE_LIMITS, ...options.limits },
    registry: new Registry(),
    logger: new Logger((line) => lines.push(line), clock),
    clock,
    random: () => 0.5,
    phase: () => self.phase,
    pressure: () => self.pressure,
    recent: new RecentRequests(),
  })
  return Object.assign(self, { reception })
}

/** The HTTP doors on a free port. */
export async function listenHttp(test: TestReception): Promise<{ app: FastifyInstance; port: number; url: string }> {
  const { limits, connections } = test.reception
  const app = Fastify({ ...httpServerOptions(limits), forceCloseConnections: true })
  limitConnections(app.server, limits, (change) => connections.add(change, 'http'))
  registerDoors(app, test.reception)
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  return { app, port: Number(new URL(url).port), url }
}

/** The value of one exposed sample, 0 where it is not there. */
export function figure(registry: Registry, name: string, labels: Readonly<Record<string, string>> = {}): number {
  const want = Object.entries(labels).flat().join()
  for (const family of registry.collect()) {
    for (const sample of family.samples) if (sample.name === name && sample.labels.join() === want) return sample.value
  }
  return 0
}
