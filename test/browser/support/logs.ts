import type { TestServer } from '../../support/server.ts'
import { HOSTILE, post } from './dashboard.ts'

const text = (key: string, value: string) => ({ key, value: { stringValue: value } })
const BATCH_LINES = 5_000

interface SentLine {
  readonly service: string
  readonly timeNs: bigint
  readonly body: string
  readonly severity?: 'INFO' | 'WARN' | 'ERROR'
  readonly attributes?: Readonly<Record<string, string>>
}

const NUMBERS = { INFO: 9, WARN: 13, ERROR: 17 } as const

/** Sends lines of several services, each of one host. */
export async function sendLines(server: TestServer, lines: readonly SentLine[]): Promise<void> {
  for (let at = 0; at < lines.length; at += BATCH_LINES) {
    const byService = Map.groupBy(lines.slice(at, at + BATCH_LINES), ({ service }) => service)
    const resourceLogs = [...byService].map(([service, own]) => ({
      resource: { attributes: [text('service.name', service), text('host.name', `${service}-0`)] },
      scopeLogs: [
        {
          logRecords: own.map(({ timeNs, body, severity = 'INFO', attributes = {} }) => ({
            timeUnixNano: String(timeNs),
            severityText: severity,
            severityNumber: NUMBERS[severity],
            body: { stringValue: body },
            attributes: Object.entries(attributes).map(([key, value]) => text(key, value)),
          })),
        },
      ],
    }))
    await post(server, '/v1/logs', { resourceLogs })
  }
}

const MS_NS = 1_000_000n

/** What a shop says in ten minutes: 3,000 lines of few kinds, some that fail, one in JSON, hostile and endless ones. */
export async function sendShopLines(server: TestServer): Promise<void> {
  const nowNs = BigInt(Date.now()) * MS_NS
  const lines = Array.from({ length: 3_000 }, (_, i): SentLine => {
    const timeNs = nowNs - BigInt(i) * 200n * MS_NS - 5_000n * MS_NS
    const attributes = { user_id: String(i % 37), zone: i % 3 === 0 ? 'eu-west' : 'eu-east' }
    if (i % 50 === 7 && i < 1_200) {
      return {
        service: 'payments',
        timeNs,
        severity: 'ERROR',
        body: `card declined after ${i % 9} ms order=${i}`,
        attributes,
      }
    }
    if (i % 10 === 3)
      return { service: 'payments', timeNs, severity: 'WARN', body: `retry ${i % 4} of 3 for order=${i}`, attributes }
    if (i % 3 === 0) return { service: 'cart', timeNs, body: `item ${i} added by user ${i % 37}`, attributes }
    return { service: 'gateway', timeNs, body: `GET /items/${i} 200 in ${i % 90} ms`, attributes }
  })
  await sendLines(server, [
    ...lines,
    { service: 'gateway', timeNs: nowNs - 4_000n * MS_NS, body: HOSTILE, attributes: { note: HOSTILE } },
    { service: 'gateway', timeNs: nowNs - 3_900n * MS_NS, body: 'طلب الدفع \u001b[31mred\u001b[0m' },
    { service: 'gateway', timeNs: nowNs - 3_800n * MS_NS, body: `${'endless '.repeat(2_000)}end` },
    {
      service: 'cart',
      timeNs: nowNs - 3_700n * MS_NS,
      body: JSON.stringify({ event: 'cart.closed', items: 3, user: { id: 7 } }),
    },
  ])
}

/** Sends many short lines of one service, a millisecond apart. */
export async function sendManyLines(server: TestServer, count: number): Promise<void> {
  const nowNs = BigInt(Date.now()) * MS_NS
  const lines = Array.from({ length: count }, (_, i): SentLine => {
    return { service: 'flood', timeNs: nowNs - BigInt(i + 1) * MS_NS, body: `line ${i} of the flood, request ${i * 7}` }
  })
  await sendLines(server, lines)
}
