import { afterAll, beforeAll, expect, test } from 'vitest'
import { attributesJson, exportJson, idJson } from '../support/otlp-json.ts'
import { startServer, type TestServer } from '../support/server.ts'

const BASE_MS = Math.floor(Date.now() / 60_000) * 60_000 - 600_000

function atNs(seconds: number): string {
  return `${BASE_MS + seconds * 1000}000000`
}

function resource(service: string): unknown {
  return { attributes: attributesJson({ 'service.name': service }) }
}

function thrown(order: number): unknown[] {
  return attributesJson({
    'exception.type': 'CardDeclined',
    'exception.message': `order ${order} was declined`,
    'exception.stacktrace': `CardDeclined: order ${order} was declined\n    at charge (charge.ts:${order}:7)`,
  })
}

/** Ten failed spans of shop, each logged too, and one more exception that only a log of mail tells. */
let server: TestServer
beforeAll(async () => {
  server = await startServer({ env: { VANTAGE_SELF_ENABLED: 'false' } })
  const ids = (i: number) => ({ traceId: idJson(i + 1, 32), spanId: idJson(i + 1) })
  const spans = Array.from({ length: 10 }, (_, i) => ({
    ...ids(i),
    name: 'POST /charge',
    startTimeUnixNano: atNs(i),
    endTimeUnixNano: atNs(i + 1),
    events: [{ timeUnixNano: atNs(i), name: 'exception', attributes: thrown(i) }],
  }))
  const logRecords = Array.from({ length: 10 }, (_, i) => ({ ...ids(i), timeUnixNano: atNs(i), attributes: thrown(i) }))
  const alone = { timeUnixNano: atNs(100), attributes: attributesJson({ 'exception.type': 'Bounced' }) }
  await exportJson(server.url, 'traces', { resourceSpans: [{ resource: resource('shop'), scopeSpans: [{ spans }] }] })
  await exportJson(server.url, 'logs', {
    resourceLogs: [
      { resource: resource('shop'), scopeLogs: [{ logRecords }] },
      { resource: resource('mail'), scopeLogs: [{ logRecords: [alone] }] },
    ],
  })
})
afterAll(async () => {
  await server.stop()
})

interface Answer {
  readonly exceptions: { fingerprint: string; type: string }[]
  readonly found: number
  readonly cuts: unknown[]
}

async function exceptions(params: Record<string, string>): Promise<Answer> {
  const answer = await fetch(`${server.url}/api/vantage/v1/exceptions?${new URLSearchParams(params)}`)
  expect(answer.status).toBe(200)
  return (await answer.json()) as Answer
}

test('exceptions that are alike are one: how many, since when, of whom, with a trace to look at', async () => {
  const answer = await exceptions({ start: atNs(0), end: atNs(600) })
  expect(answer).toMatchObject({ found: 2, cuts: [] })
  expect(answer.exceptions).toMatchObject([
    { type: 'Bounced', count: 1, services: [{ service: 'mail', count: 1 }], from: { spans: 0, logs: 1 } },
    {
      type: 'CardDeclined',
      count: 10,
      firstNs: atNs(0),
      lastNs: atNs(9),
      services: [{ service: 'shop', count: 10 }],
      from: { spans: 10, logs: 0 },
      newest: { service: 'shop', message: 'order 9 was declined', traceId: idJson(10, 32), operation: 'POST /charge' },
    },
  ])
  const later = await exceptions({ start: atNs(5), end: atNs(600), service: 'shop' })
  expect(later.exceptions).toMatchObject([{ count: 5, fingerprint: answer.exceptions[1]?.fingerprint }])
})
