import type { LogLine } from '@vantage/api/client'
import { formatInstant, formatMs, formatValue, PLAIN, type Zone } from '@vantage/charts'
import { client } from '../app/client.ts'
import { Link } from '../app/link.tsx'
import { navigateSearch } from '../app/router.ts'
import { useAsked } from '../explore/use-asked.ts'
import { levelOf, quoted } from '../logs/log-model.ts'
import { Faults } from '../parts/faults.tsx'
import type { TraceView } from './trace-view.ts'

const LINES_MAX = 1_000
/** Lines are looked for a little before and after their trace. */
const MARGIN_MS = 60_000
const SPAN_ID = /^[0-9a-f]{16}$/

/** Every line that names the trace, the oldest first, each with the way to its span. */
export function TraceLogs({ view, zone }: { readonly view: TraceView; readonly zone: Zone }) {
  const { columns, tree } = view
  const startMs = Number(columns.startNs / 1_000_000n)
  const query = `{service_name=~".+"} | trace_id=${quoted(columns.traceId)}`
  const range = { startMs: startMs - MARGIN_MS, endMs: startMs + Math.ceil(tree.durationMs) + MARGIN_MS }
  const asked = useAsked(columns.traceId, (signal) => client.logLines({ query, ...range }, LINES_MAX, signal))
  const lines = asked.answer?.toReversed()
  const explore = { q: query, from: String(range.startMs), to: String(range.endMs), live: '0' }
  return (
    <section className="card trace-logs" aria-labelledby="trace-logs-title" aria-busy={asked.isLoading}>
      <div className="card-head">
        <h2 id="trace-logs-title">Lines of this trace</h2>
        <span className="aside">{lines !== undefined && countText(lines.length)}</span>
        <div className="tools">
          <Link className="button small" to="/explore/logs" params={explore}>
            Open in Explore
          </Link>
        </div>
      </div>
      <Faults of={{ 'The lines': asked }} />
      {lines === undefined && asked.isLoading && <div className="skeleton span-skeleton" aria-busy="true" />}
      {lines?.length === 0 && (
        <p className="span-part span-none">
          No line names this trace. Lines do when they were sent with its id, or have a field trace_id.
        </p>
      )}
      {lines !== undefined && lines.length > 0 && (
        <ol className="span-lines trace-lines">
          {lines.map((line, i) => (
            // Lines have no identity of their own: equal ones may follow each other.
            // biome-ignore lint/suspicious/noArrayIndexKey: the list is replaced as a whole.
            <Line key={`${line.timeNs} ${i}`} line={line} zone={zone} startNs={columns.startNs} />
          ))}
        </ol>
      )}
    </section>
  )
}

function countText(count: number): string {
  if (count >= LINES_MAX) return `the newest ${formatValue(LINES_MAX, PLAIN)}; Explore has the others`
  return `${formatValue(count, PLAIN)} lines`
}

function Line({ line, zone, startNs }: { readonly line: LogLine; readonly zone: Zone; readonly startNs: bigint }) {
  const spanId = line.labels['span_id'] ?? ''
  const offsetMs = Number(line.timeNs - startNs) / 1e6
  return (
    <li data-level={levelOf(line.labels)}>
      <time title={formatMs(Math.abs(offsetMs))}>
        {formatInstant(Number(line.timeNs / 1_000_000n), zone).slice(11, 23)}
      </time>
      <span className="trace-line-level">{levelOf(line.labels)}</span>
      <span className="trace-line-service">{line.labels['service_name']}</span>
      <span className="code trace-line-text" dir="auto">
        {line.line}
      </span>
      {SPAN_ID.test(spanId) && (
        <button type="button" className="text-button" onClick={() => navigateSearch({ view: null, span: spanId })}>
          Span
        </button>
      )}
    </li>
  )
}
