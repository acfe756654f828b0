import type { LogLine, TraceSpan } from '@vantage/api/client'
import { formatInstant, type Zone } from '@vantage/charts'
import { SPAN_KINDS } from '@vantage/model'
import { X } from 'lucide-react'
import { client } from '../app/client.ts'
import { Link } from '../app/link.tsx'
import { navigateSearch } from '../app/router.ts'
import { useAsked } from '../explore/use-asked.ts'
import { levelOf, quoted } from '../logs/log-model.ts'
import { durationMsOf, durationText, type WaterfallRow } from './trace-model.ts'

const LINES_MAX = 200
/** Lines are looked for a little before and after their span. */
const MARGIN_MS = 60_000

interface SpanDrawerProps {
  readonly row: WaterfallRow
  /** Of the trace. */
  readonly startNs: bigint
  readonly zone: Zone
}

/** Everything about one span: times, attributes, events, its log lines, who sent it. */
export function SpanDrawer({ row, startNs, zone }: SpanDrawerProps) {
  const { span } = row
  const offsetMs = Number(span.startNs - startNs) / 1e6
  return (
    <aside className="card span-drawer" aria-labelledby="span-title">
      <div className="card-head">
        <h2 id="span-title">{span.name}</h2>
        <div className="tools">
          <button
            type="button"
            className="button quiet icon-only small"
            aria-label="Close"
            title="Close (Esc)"
            onClick={() => navigateSearch({ span: null }, { replace: true })}
          >
            <X className="icon" />
          </button>
        </div>
      </div>
      <dl className="span-facts">
        <dt>Service</dt>
        <dd>{span.service}</dd>
        <dt>Kind</dt>
        <dd>{SPAN_KINDS[span.kind] ?? 'unspecified'}</dd>
        <dt>Duration</dt>
        <dd>
          {durationText(durationMsOf(span))}, of it {durationText(row.selfMs)} its own
        </dd>
        <dt>Start</dt>
        <dd>
          {durationText(offsetMs)} after the trace, {formatInstant(Number(span.startNs / 1_000_000n), zone)}
        </dd>
        <dt>Status</dt>
        <dd>
          {span.isError ? <span className="badge critical">error</span> : 'ok'} {span.statusMessage}
        </dd>
        {row.isOrphan && (
          <>
            <dt>Parent</dt>
            <dd>
              <span className="code">{span.parentSpanId}</span> was not received
            </dd>
          </>
        )}
      </dl>
      <Pairs title="Attributes" pairs={span.attributes} />
      <Events span={span} />
      <SpanLines span={span} zone={zone} />
      <Pairs title="Resource" pairs={span.resource} />
    </aside>
  )
}

function Pairs({ title, pairs }: { readonly title: string; readonly pairs: TraceSpan['attributes'] }) {
  if (pairs.length === 0) return null
  return (
    <section className="span-part">
      <h3>{title}</h3>
      <table>
        <tbody>
          {pairs.map(([key, value]) => (
            <tr key={key}>
              <th scope="row">{key}</th>
              <td className="code">{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function Events({ span }: { readonly span: TraceSpan }) {
  if (span.events.length === 0) return null
  return (
    <section className="span-part">
      <h3>Events</h3>
      <ol className="span-events">
        {span.events.map((event) => (
          <li key={`${event.timeNs} ${event.name}`}>
            <strong>{event.name}</strong> after {durationText(Number(event.timeNs - span.startNs) / 1e6)}
            {event.attributes.map(([key, value]) => (
              <pre key={key} className="code">
                {key}: {value}
              </pre>
            ))}
          </li>
        ))}
      </ol>
    </section>
  )
}

/** The lines that name this span. */
function SpanLines({ span, zone }: { readonly span: TraceSpan; readonly zone: Zone }) {
  const query = `{service_name=${quoted(span.service)}} | trace_id=${quoted(span.traceId)} | span_id=${quoted(span.spanId)}`
  const range = {
    query,
    startMs: Number(span.startNs / 1_000_000n) - MARGIN_MS,
    endMs: Number(span.endNs / 1_000_000n) + MARGIN_MS,
  }
  const asked = useAsked(span.spanId, (signal) => client.logLines(range, LINES_MAX, signal))
  const lines = [...(asked.answer ?? [])].reverse()
  const params = { q: query, from: String(range.startMs), to: String(range.endMs), live: '0' }
  return (
    <section className="span-part" aria-busy={asked.isLoading}>
      <h3>Logs in this span</h3>
      {asked.fault !== undefined && <p>{asked.fault.message}</p>}
      {asked.answer !== undefined && lines.length === 0 && <p className="span-none">No line names this span.</p>}
      {lines.length > 0 && <LineList lines={lines} zone={zone} />}
      <Link className="button small" to="/explore/logs" params={params}>
        Open in Explore
      </Link>
    </section>
  )
}

function LineList({ lines, zone }: { readonly lines: readonly LogLine[]; readonly zone: Zone }) {
  return (
    <ol className="span-lines">
      {lines.map((line, i) => (
        // Lines have no identity of their own: equal ones may follow each other.
        // biome-ignore lint/suspicious/noArrayIndexKey: the list is replaced as a whole.
        <li key={`${line.timeNs} ${i}`} data-level={levelOf(line.labels)}>
          <time>{formatInstant(Number(line.timeNs / 1_000_000n), zone).slice(11, 23)}</time>
          <span className="code">{line.line}</span>
        </li>
      ))}
    </ol>
  )
}
