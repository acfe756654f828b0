import { spanIdAt } from '@vantage/model'
import type { Jump } from '../app/jump.ts'
import type { SearchChange } from '../app/router.ts'
import { quoted } from '../logs/log-model.ts'
import { nameAt, serviceAt, type TraceView } from './trace-view.ts'

/** Lines are looked for a little before and after their span. */
const LINES_MARGIN_MS = 60_000
/** Metrics are shown with what was before and after. */
const METRICS_MARGIN_MS = 900_000

/** A time around a span, as the URL holds it. */
function aroundSpan({ columns }: TraceView, place: number, marginMs: number): SearchChange {
  const startMs = Number(columns.startNs / 1_000_000n) + Math.floor(columns.startMs[place] as number)
  const endMs = startMs + Math.ceil(columns.durationMs[place] as number)
  return { from: String(startMs - marginMs), to: String(endMs + marginMs), live: '0' }
}

/** Where a span leads to: its log lines, and the latency of its operation around that time. */
export function spanJumps(view: TraceView, place: number): { readonly logs: Jump; readonly metrics: Jump } {
  const { columns } = view
  const service = quoted(serviceAt(columns, place))
  const lines = `{service_name=${service}} | trace_id=${quoted(columns.traceId)} | span_id=${quoted(spanIdAt(columns, place))}`
  const buckets = `traces_spanmetrics_latency_bucket{service=${service},span_name=${quoted(nameAt(columns, place))}}`
  const latency = `histogram_quantile(0.95, sum by (le) (rate(${buckets}[1m])))`
  return {
    logs: { path: '/explore/logs', params: { q: lines, ...aroundSpan(view, place, LINES_MARGIN_MS) } },
    metrics: { path: '/explore/metrics', params: { a: latency, ...aroundSpan(view, place, METRICS_MARGIN_MS) } },
  }
}
