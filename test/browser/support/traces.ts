import type { TestServer } from '../../support/server.ts'
import { HOSTILE, post } from './dashboard.ts'

/** A trace with everything that its screen draws, and one of the same root to hold against it. */
export const RICH_TRACE = 'c0ffee00000000000000000000000001'
export const OTHER_TRACE = 'c0ffee00000000000000000000000002'
export const PARTIAL_TRACE = 'c0ffee00000000000000000000000003'
export const LARGE_TRACE = 'c0ffee00000000000000000000000004'
export const HOSTILE_TRACE = 'c0ffee00000000000000000000000005'

/** A name longer than any column, of a script that runs from right to left, with colours of a terminal. */
const LONG_NAME = `${'very long '.repeat(50)}name`
const ARABIC_NAME = 'طلب الدفع \u001b[31mred\u001b[0m'

interface SentSpan {
  readonly id: number
  readonly parent?: number
  readonly name: string
  readonly at: readonly [fromMs: number, toMs: number]
  readonly kind?: number
  readonly isError?: boolean
  readonly attributes?: Readonly<Record<string, string>>
  readonly events?: readonly {
    readonly atMs: number
    readonly name: string
    readonly more?: Readonly<Record<string, string>>
  }[]
  readonly link?: string
}

const hex = (id: number) => id.toString(16).padStart(16, '0')
const pairs = (record: Readonly<Record<string, string>>) =>
  Object.entries(record).map(([key, value]) => ({ key, value: { stringValue: value } }))

function otlpSpan(traceId: string, startMs: number, span: SentSpan): object {
  const ns = (ms: number) => `${BigInt(Math.round(startMs * 1e3 + ms * 1e3)) * 1000n}`
  return {
    traceId,
    spanId: hex(span.id),
    parentSpanId: span.parent === undefined ? '' : hex(span.parent),
    name: span.name,
    kind: span.kind ?? 1,
    startTimeUnixNano: ns(span.at[0]),
    endTimeUnixNano: ns(span.at[1]),
    attributes: pairs(span.attributes ?? {}),
    events: (span.events ?? []).map(({ atMs, name, more }) => ({
      timeUnixNano: ns(atMs),
      name,
      attributes: pairs(more ?? {}),
    })),
    links: span.link === undefined ? [] : [{ traceId: span.link, spanId: hex(1) }],
    status: span.isError === true ? { code: 2, message: 'declined' } : {},
  }
}

/** Sends spans of one trace, by service. */
async function sendSpans(
  server: TestServer,
  traceId: string,
  startMs: number,
  byService: Readonly<Record<string, readonly SentSpan[]>>,
): Promise<void> {
  const resourceSpans = Object.entries(byService).map(([service, spans]) => ({
    resource: {
      attributes: pairs({ 'service.name': service, 'service.version': '2.4.1', 'host.name': `${service}-0` }),
    },
    scopeSpans: [{ spans: spans.map((span) => otlpSpan(traceId, startMs, span)) }],
  }))
  await post(server, '/v1/traces', { resourceSpans })
}

const QUERY = 'SELECT stock'

function queries(first: number, parent: number, fromMs: number, count: number, eachMs: number): SentSpan[] {
  return Array.from({ length: count }, (_, i) => ({
    id: first + i,
    parent,
    name: QUERY,
    kind: 3,
    at: [fromMs + i * eachMs, fromMs + i * eachMs + eachMs * 0.8],
    attributes: { 'db.system': 'postgresql', 'db.statement': `SELECT * FROM stock WHERE id = ${i}` },
  }))
}

/** Sends the rich trace, another of its root with other times and calls, a partial one, and one of hostile names. */
export async function sendTraces(server: TestServer): Promise<void> {
  const startMs = Date.now() - 60_000
  const exception = {
    'exception.type': 'CardDeclined',
    'exception.message': 'declined',
    'exception.stacktrace': 'CardDeclined: declined\n  at charge (charge.ts:12)',
  }
  await sendSpans(server, RICH_TRACE, startMs, {
    gateway: [
      {
        id: 1,
        name: 'POST /checkout',
        kind: 2,
        at: [0, 1200],
        attributes: {
          'http.route': '/checkout',
          'http.request.method': 'POST',
          'http.response.status_code': '500',
          'user.id': '42',
          'cart.items': '12',
          'client.address': '10.0.0.1',
          'network.protocol.version': '1.1',
          note: HOSTILE,
        },
      },
      { id: 2, parent: 1, name: 'authorize', at: [4, 60] },
      { id: 3, parent: 1, name: 'POST cart', kind: 3, at: [64, 640] },
      { id: 4, parent: 1, name: 'POST payments', kind: 3, at: [650, 1190], isError: true },
    ],
    cart: [{ id: 5, parent: 3, name: 'GET /items', kind: 2, at: [70, 632] }, ...queries(100, 5, 80, 48, 11)],
    payments: [
      {
        id: 6,
        parent: 4,
        name: 'POST /charge',
        kind: 2,
        at: [640, 1180],
        isError: true,
        link: OTHER_TRACE,
        events: [
          { atMs: 700, name: 'retry' },
          { atMs: 1170, name: 'exception', more: exception },
        ],
      },
      { id: 7, parent: 6, name: 'fraud check', at: [660, 900] },
      { id: 8, parent: 6, name: 'audit', at: [700, 820] },
      { id: 9, parent: 6, name: 'PUT ledger', kind: 3, at: [960, 1160], isError: true },
    ],
  })
  await sendSpans(server, OTHER_TRACE, startMs - 20_000, {
    gateway: [
      { id: 1, name: 'POST /checkout', kind: 2, at: [0, 420] },
      { id: 2, parent: 1, name: 'authorize', at: [4, 62] },
      { id: 3, parent: 1, name: 'POST cart', kind: 3, at: [64, 120] },
      { id: 4, parent: 1, name: 'POST payments', kind: 3, at: [130, 410] },
    ],
    cart: [{ id: 5, parent: 3, name: 'GET /items', kind: 2, at: [70, 118] }, ...queries(100, 5, 80, 2, 15)],
    payments: [
      { id: 6, parent: 4, name: 'POST /charge', kind: 2, at: [135, 400] },
      { id: 7, parent: 6, name: 'fraud check', at: [140, 390] },
      { id: 8, parent: 6, name: 'loyalty', at: [391, 398] },
    ],
  })
  await sendSpans(server, PARTIAL_TRACE, startMs, {
    cart: [
      { id: 2, parent: 77, name: 'GET /items', kind: 2, at: [5, 40] },
      { id: 3, parent: 2, name: 'read', at: [6, 20] },
      { id: 4, parent: 77, name: 'GET /prices', kind: 2, at: [41, 60] },
    ],
  })
  await sendSpans(server, HOSTILE_TRACE, startMs, {
    [HOSTILE]: [
      { id: 1, name: LONG_NAME, at: [0, 50], attributes: { [HOSTILE]: HOSTILE, [ARABIC_NAME]: LONG_NAME } },
      { id: 2, parent: 1, name: ARABIC_NAME, at: [10, 20] },
      { id: 3, parent: 1, name: HOSTILE, at: [20, 30], isError: true },
    ],
  })
  const line = (spanId: number, atMs: number, severityText: string, severityNumber: number, body: string) => ({
    timeUnixNano: `${startMs + atMs}000000`,
    severityText,
    severityNumber,
    body: { stringValue: body },
    traceId: RICH_TRACE,
    spanId: hex(spanId),
  })
  const logRecords = [
    line(1, 2, 'INFO', 9, 'checkout begins'),
    line(6, 710, 'WARN', 13, HOSTILE),
    line(6, 1171, 'ERROR', 17, 'the card was declined'),
  ]
  await post(server, '/v1/logs', {
    resourceLogs: [{ resource: { attributes: pairs({ 'service.name': 'payments' }) }, scopeLogs: [{ logRecords }] }],
  })
}

const BATCH_SPANS = 5_000
const LARGE_SERVICES = ['edge', 'orders', 'stock', 'prices', 'billing', 'mail']

/** Sends a trace of this many spans: a tree in which each call makes some more. */
export async function sendLargeTrace(server: TestServer, count: number): Promise<void> {
  const startMs = Date.now() - 120_000
  for (let first = 0; first < count; first += BATCH_SPANS) {
    const byService: Record<string, SentSpan[]> = {}
    for (let i = first; i < Math.min(count, first + BATCH_SPANS); i++) {
      const parent = i === 0 ? undefined : Math.floor((i - 1) / 4)
      const service = LARGE_SERVICES[(i * 7) % LARGE_SERVICES.length] as string
      const from = i === 0 ? 0 : (i / count) * 9_000
      byService[service] ??= []
      byService[service].push({
        id: i + 1,
        ...(parent === undefined ? {} : { parent: parent + 1 }),
        name: `call ${i % 97}`,
        at: [from, i === 0 ? 10_000 : Math.min(9_990, from + 20 + (i % 13) * 40)],
        isError: i % 9_973 === 5,
        attributes: { 'http.route': `/orders/${i % 97}`, 'thread.id': String(i % 8) },
      })
    }
    await sendSpans(server, LARGE_TRACE, startMs, byService)
  }
}
