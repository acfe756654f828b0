import type { TestServer } from '../../support/server.ts'
import { post, send } from './dashboard.ts'

/** The requests that are counted from the spans of `parcels`. */
export const STATED_QUERY = 'traces_spanmetrics_latency_bucket{service="parcels",span_kind="SPAN_KIND_SERVER"}'

/** A heatmap of how long they took, as a histogram of its own counts them, and a chart of the same. */
export const ZONES_BOARD = {
  version: 1,
  id: 'zones',
  title: 'Zones',
  panels: [
    {
      id: 'took',
      kind: 'heatmap',
      title: 'Took',
      unit: 'seconds',
      place: { x: 0, y: 0, width: 12, height: 8 },
      queries: [{ text: 'sum by (le) (parcel_seconds_bucket{service="parcels"})' }],
    },
    {
      id: 'latency',
      kind: 'time-series',
      title: 'Latency',
      unit: 'seconds',
      place: { x: 0, y: 8, width: 12, height: 8 },
      queries: [{ text: `histogram_quantile(0.9, sum by (le) (${STATED_QUERY}))` }],
    },
  ],
}

/** Where the newer requests come from, and only they. */
export const ZONE_B = 'span.zone = b'

const REQUESTS = 40
const OLDER_MS = 180_000
const NEWER_MS = 12_000
const STATED_WITHIN_MS = 20_000

/** Requests of `parcels` with a line each, first of zone a, later of zone b; comes back when they are counted. @returns when they were sent */
export async function sendZones(server: TestServer): Promise<number> {
  const nowMs = Date.now()
  await send(server, buckets(nowMs))
  await Promise.all([sendZone(server, 'a', nowMs - OLDER_MS), sendZone(server, 'b', nowMs - NEWER_MS)])
  const deadlineMs = performance.now() + STATED_WITHIN_MS
  while (!(await isStated(server))) {
    if (performance.now() > deadlineMs) throw new Error(`requests are not counted after ${STATED_WITHIN_MS} ms`)
    await new Promise((wake) => setTimeout(wake, 200))
  }
  return nowMs
}

function buckets(nowMs: number) {
  const counts = { 0.1: REQUESTS, 0.5: REQUESTS, 1: 2 * REQUESTS, '+Inf': 2 * REQUESTS }
  return Array.from({ length: 30 }, (_, i) => nowMs - i * 10_000).flatMap((timeMs) =>
    Object.entries(counts).map(([le, value]) => {
      return { metric: 'parcel_seconds_bucket', timeMs, value, tags: { le, service: 'parcels' } }
    }),
  )
}

async function sendZone(server: TestServer, zone: string, startMs: number): Promise<void> {
  const text = (key: string, value: string) => ({ key, value: { stringValue: value } })
  const resource = { attributes: [text('service.name', 'parcels')] }
  const numbers = Array.from({ length: REQUESTS }, (_, i) => i)
  const idOf = (i: number) => `${zone}${(i + 1).toString(16).padStart(15, '0')}`
  const spans = numbers.map((i) => ({
    traceId: `${idOf(i)}${idOf(i)}`,
    spanId: idOf(i),
    name: 'GET /parcel',
    kind: 2,
    startTimeUnixNano: `${startMs + i * 50}000000`,
    endTimeUnixNano: `${startMs + i * 50 + (zone === 'a' ? 30 : 700)}000000`,
    attributes: [text('zone', zone)],
  }))
  const logRecords = numbers.map((i) => ({
    timeUnixNano: `${startMs + i * 50}000000`,
    severityText: 'INFO',
    severityNumber: 9,
    body: { stringValue: `parcel ${i} of zone ${zone}` },
    attributes: [text('zone', zone)],
  }))
  await post(server, '/v1/traces', { resourceSpans: [{ resource, scopeSpans: [{ spans }] }] })
  await post(server, '/v1/logs', { resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] })
}

async function isStated(server: TestServer): Promise<boolean> {
  const query = `sum(${STATED_QUERY.replace('_bucket', '_count')}) >= ${2 * REQUESTS}`
  const answer = await fetch(`${server.url}/api/v1/query?${new URLSearchParams({ query })}`)
  const { data } = (await answer.json()) as { data: { result: unknown[] } }
  return data.result.length > 0
}
