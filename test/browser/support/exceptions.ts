import type { TestServer } from '../../support/server.ts'
import { HOSTILE, post } from './dashboard.ts'

const text = (record: Readonly<Record<string, string>>) =>
  Object.entries(record).map(([key, value]) => ({ key, value: { stringValue: value } }))

/** Thrown in the last minutes: twelve declined cards, three timeouts of two services, one of hostile words, one in a log. */
export async function sendExceptions(server: TestServer): Promise<void> {
  const nowMs = Date.now()
  const ns = (agoMs: number) => `${nowMs - agoMs}000000`
  const thrown = (type: string, message: string) =>
    text({
      'exception.type': type,
      'exception.message': message,
      'exception.stacktrace': `${type}: ${message}\n    at charge (charge.ts:12:7)\n    at pay (pay.ts:40:3)`,
    })
  const span = (id: number, name: string, agoMs: number, type: string, message: string) => ({
    traceId: (0xe0000 + id).toString(16).padStart(32, '0'),
    spanId: id.toString(16).padStart(16, '0'),
    name,
    kind: 2,
    startTimeUnixNano: ns(agoMs),
    endTimeUnixNano: ns(agoMs - 40),
    status: { code: 2, message },
    events: [{ timeUnixNano: ns(agoMs - 30), name: 'exception', attributes: thrown(type, message) }],
  })
  const of = (service: string, spans: object[]) => ({
    resource: { attributes: text({ 'service.name': service }) },
    scopeSpans: [{ spans }],
  })
  const declined = Array.from({ length: 12 }, (_, i) =>
    span(i + 1, 'POST /charge', 20_000 + i * 9_000, 'CardDeclined', `order ${4_000 + i} was declined`),
  )
  const timeouts = [span(21, 'GET /stock', 90_000, 'TimeoutError', 'no answer after 30 s')]
  await post(server, '/v1/traces', {
    resourceSpans: [
      of('payments', declined),
      of('stock', timeouts),
      of('cart', [
        span(22, 'GET /items', 80_000, 'TimeoutError', 'no answer after 20 s'),
        span(23, 'GET /items', 70_000, HOSTILE, `${HOSTILE} ${'long '.repeat(100)}`),
      ]),
    ],
  })
  const record = {
    timeUnixNano: ns(15_000),
    severityText: 'ERROR',
    severityNumber: 17,
    body: { stringValue: 'could not send the mail' },
    attributes: thrown('MailboxFull', 'the box of ann is full'),
  }
  await post(server, '/v1/logs', {
    resourceLogs: [
      { resource: { attributes: text({ 'service.name': 'mail' }) }, scopeLogs: [{ logRecords: [record] }] },
    ],
  })
}
