import type { LogLine, TraceSpan } from '@vantage/api/client'
import { formatInstant, type Zone } from '@vantage/charts'
import { client } from '../app/client.ts'
import { useAsked } from '../explore/use-asked.ts'
import { levelOf, quoted } from '../logs/log-model.ts'
import { Faults } from '../parts/faults.tsx'

const LINES_MAX = 200
/** Lines are looked for a little before and after their span. */
const MARGIN_MS = 60_000

/** The lines that name this span. */
export function SpanLines({ span, zone }: { readonly span: TraceSpan; readonly zone: Zone }) {
  const query = `{service_name=${quoted(span.service)}} | trace_id=${quoted(span.traceId)} | span_id=${quoted(span.spanId)}`
  const range = {
    query,
    startMs: Number(span.startNs / 1_000_000n) - MARGIN_MS,
    endMs: Number(span.endNs / 1_000_000n) + MARGIN_MS,
  }
  const asked = useAsked(span.spanId, (signal) => client.logLines(range, LINES_MAX, signal))
  const lines = [...(asked.answer ?? [])].reverse()
  return (
    <section className="span-part" aria-busy={asked.isLoading}>
      <h3>Logs in this span</h3>
      <Faults of={{ 'The lines': asked }} />
      {asked.answer !== undefined && lines.length === 0 && <p className="span-none">No line names this span.</p>}
      {lines.length > 0 && <LineList lines={lines} zone={zone} />}
    </section>
  )
}

/** Log lines, the oldest first, under each other. */
function LineList({ lines, zone }: { readonly lines: readonly LogLine[]; readonly zone: Zone }) {
  return (
    <ol className="span-lines">
      {lines.map((line, i) => (
        // Lines have no identity of their own: equal ones may follow each other.
        // biome-ignore lint/suspicious/noArrayIndexKey: the list is replaced as a whole.
        <li key={`${line.timeNs} ${i}`} data-level={levelOf(line.labels)}>
          <time>{formatInstant(Number(line.timeNs / 1_000_000n), zone).slice(11, 23)}</time>
          <span className="code" dir="auto">
            {line.line}
          </span>
        </li>
      ))}
    </ol>
  )
}
