import type { BenchCase, BenchOptions, BenchReport } from '../bench-case.ts'
import type { RecordTemplate } from '../load/record-template.ts'
import { SpanRows } from '../load/span-rows.ts'
import { askRecords, type RecordQuery } from './record-queries.ts'
import { type RecordFloors, recordReport } from './record-report.ts'
import { HOUR_NS, type Kept, measureRecords } from './records.ts'

const FLOORS: RecordFloors = {
  cpuSecondsPerMillion: { floor: 4.5, goal: 3.7, isMost: true },
  rowsPerSecond: { floor: 300_000, goal: 420_000, isMost: false },
  ackP99Ms: { floor: 60, isMost: true },
  bytesPerRow: { floor: 55, isMost: true },
  jsonRatio: { floor: 10, isMost: false },
}
const NS_PER_SECOND = 1_000_000_000n

export const spans: BenchCase = {
  question: 'What does a span cost that comes by OTLP, in CPU and bytes, and how soon are questions to 5 M answered?',
  run,
}

async function run(options: BenchOptions): Promise<BenchReport> {
  const figures = await measureRecords(
    {
      signal: 'spans',
      rowsOf: (form) => new SpanRows(form),
      ask: async (kept) => ({ queries: await askRecords(kept.server.running, queriesOf(kept), options), others: [] }),
    },
    options,
  )
  return recordReport(figures, FLOORS, [
    '20 services with 8 operations, 8 spans a trace, a tenth of the spans with an event; percentiles by TraceQL.',
  ])
}

function queriesOf({ shape, endNs }: Kept): RecordQuery[] {
  const template = shape.templates[20] as RecordTemplate
  const traceId = template.firstId(500)
  const seconds = (ns: bigint) => String(ns / NS_PER_SECOND)
  const range = (lengthNs: bigint) => ({ start: seconds(endNs - lengthNs), end: seconds(endNs) })
  const percentiles = '{} | quantile_over_time(duration, .5, .95, .99) by (resource.service.name, name)'
  return [
    {
      name: 'trace by id, without a time',
      path: `/tempo/api/traces/${traceId}`,
      params: {},
      isRight: (status, text) => status === 200 && text.includes('batches') && text.length > 1_000,
      floorMs: [120, 40],
    },
    {
      name: 'absent trace id',
      path: '/tempo/api/traces/00000000000000000000000000000bad',
      params: {},
      isRight: (status) => status === 404,
    },
    {
      name: 'p50, p95, p99 by service and operation, 1 h',
      path: '/tempo/api/metrics/query',
      params: { q: percentiles, ...range(HOUR_NS) },
      isRight: (status, text) => status === 200 && text.includes('service-19'),
      floorMs: [250, 120],
    },
    {
      name: 'newest 20 traces with an error of one service, 30 min',
      path: '/tempo/api/search',
      params: { q: '{ resource.service.name = "service-3" && status = error }', limit: '20', ...range(HOUR_NS / 2n) },
      isRight: (status, text) => status === 200 && text.includes('traceID'),
    },
  ]
}
