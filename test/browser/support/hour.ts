import type { TestServer } from '../../support/server.ts'
import { post, send } from './dashboard.ts'
import { sendLines } from './logs.ts'

/** An hour has as many seconds; each brings a line, a sample of every series and, every twelfth, a request. */
const HOUR_STEPS = 3_600
const STEPS_AT_ONCE = 90
const REQUEST_EVERY = 12
export const HOUR_METRIC = 'hour_level'
export const HOUR_SERVICE = 'hour'

/** Sends what a service tells in an hour, within `tookMs`, as if it happened now. */
export async function streamHour(server: TestServer, tookMs: number): Promise<void> {
  const goes = HOUR_STEPS / STEPS_AT_ONCE
  const startMs = performance.now()
  for (let go = 0; go < goes; go++) {
    const waitMs = startMs + ((go + 1) * tookMs) / goes - performance.now()
    if (waitMs > 0) await new Promise((wake) => setTimeout(wake, waitMs))
    const nowMs = Date.now()
    await Promise.all([
      sendLines(server, linesOf(go, nowMs)),
      send(server, samplesOf(go, nowMs)),
      post(server, '/v1/traces', { resourceSpans: [requestsOf(nowMs)] }),
    ])
  }
}

function linesOf(go: number, nowMs: number) {
  return Array.from({ length: STEPS_AT_ONCE }, (_, i) => ({
    service: HOUR_SERVICE,
    timeNs: BigInt(nowMs) * 1_000_000n + BigInt(i),
    body: `second ${go * STEPS_AT_ONCE + i} of the hour`,
  }))
}

function samplesOf(go: number, timeMs: number) {
  return [0, 1, 2].map((i) => ({ metric: HOUR_METRIC, timeMs, value: 10 * i + Math.sin(go), tags: { part: `p${i}` } }))
}

function requestsOf(nowMs: number): object {
  const spans = Array.from({ length: Math.floor(STEPS_AT_ONCE / REQUEST_EVERY) }, (_, i) => ({
    traceId: (nowMs * 100 + i).toString(16).padStart(32, '0'),
    spanId: (nowMs * 100 + i).toString(16).padStart(16, '0'),
    name: 'GET /hour',
    kind: 2,
    startTimeUnixNano: `${nowMs - 50 + i}000000`,
    endTimeUnixNano: `${nowMs - 20 + i}000000`,
  }))
  const attributes = [{ key: 'service.name', value: { stringValue: HOUR_SERVICE } }]
  return { resource: { attributes }, scopeSpans: [{ spans }] }
}
