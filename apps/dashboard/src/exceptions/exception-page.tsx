import type { ExceptionGroup } from '@vantage/api/client'
import { formatInstant, formatMs, type Zone } from '@vantage/charts'
import { Copy, ListTree, ScrollText } from 'lucide-react'
import type { ReactNode } from 'react'
import { client } from '../app/client.ts'
import { Link } from '../app/link.tsx'
import { usePath } from '../app/router.ts'
import { useNamedScreen } from '../app/screen-name.ts'
import { copyText } from '../app/toast.tsx'
import type { SteppedRange } from '../explore/range-steps.ts'
import { type Asked, useAsked } from '../explore/use-asked.ts'
import { usePageRange } from '../explore/use-page-range.ts'
import { levelOf } from '../logs/log-model.ts'
import { Faults } from '../parts/faults.tsx'
import { RootName } from '../traces/root-name.tsx'
import { agoText, linesQuery, tracesQuery, typeText } from './exception-model.ts'
import { GROUPS_MAX, Trend } from './page.tsx'

const TRACES_MAX = 20
const LINES_MAX = 50

interface PartProps {
  readonly group: ExceptionGroup
  readonly range: SteppedRange
  readonly zone: Zone
}

/** One group of exceptions: its newest stack trace, the traces in which it was thrown, the lines that tell of it. */
export default function ExceptionPage() {
  const fingerprint = usePath().split('/')[2] ?? ''
  const { range, zone } = usePageRange()
  const asked = useAsked(JSON.stringify(range), (signal) => client.exceptions(range, undefined, GROUPS_MAX, signal))
  const group = asked.answer?.groups.find((one) => one.fingerprint === fingerprint)
  if (asked.answer === undefined) {
    if (asked.isLoading) return <div className="skeleton page-skeleton" aria-busy="true" />
    return <Faults of={{ 'The exception cannot be shown': asked }} />
  }
  if (group === undefined) return <NotThrown fingerprint={fingerprint} />
  const part: PartProps = { group, range, zone }
  return (
    <div className="exceptions">
      <Faults of={{ 'What is newer': asked }} />
      <Head {...part} />
      <Stack group={group} />
      <div className="exception-columns">
        <Traces {...part} />
        <Lines {...part} />
      </div>
    </div>
  )
}

function NotThrown({ fingerprint }: { readonly fingerprint: string }) {
  return (
    <div className="card empty">
      <h1>Not thrown in this time</h1>
      <p>
        No exception <span className="code">{fingerprint}</span> was seen. A wider time may have it.
      </p>
      <Link className="button" to="/exceptions">
        All exceptions
      </Link>
    </div>
  )
}

function Head({ group, range, zone }: PartProps) {
  useNamedScreen(typeText(group))
  return (
    <header className="exception-head">
      <h1 dir="auto">{typeText(group)}</h1>
      <p className="exception-lead" dir="auto">
        {group.message}
      </p>
      <ul className="trace-facts">
        <li>
          <strong>{group.count.toLocaleString('en')}</strong> in this time
        </li>
        <li title={formatInstant(Math.floor(group.firstMs), zone)}>first {agoText(group.firstMs, range.endMs)}</li>
        <li title={formatInstant(Math.floor(group.lastMs), zone)}>last {agoText(group.lastMs, range.endMs)}</li>
        <li>
          {group.ofSpans.toLocaleString('en')} of spans, {group.ofLogs.toLocaleString('en')} of log records alone
        </li>
        <li>
          <Trend values={group.trend} />
        </li>
      </ul>
      <ul className="trace-facts">
        {group.services.map(({ service, count }) => (
          <li key={service}>
            <Link to={`/services/${encodeURIComponent(service)}`}>{service}</Link> {count.toLocaleString('en')}
          </li>
        ))}
      </ul>
    </header>
  )
}

function Stack({ group }: { readonly group: ExceptionGroup }) {
  return (
    <section className="card" aria-labelledby="stack-title">
      <div className="card-head">
        <h2 id="stack-title">Stack trace of the newest</h2>
        {group.operation !== '' && <span className="aside">in {group.operation}</span>}
        <div className="tools">
          {group.stacktrace !== '' && (
            <button type="button" className="button small" onClick={() => copyText(group.stacktrace, 'Stack trace')}>
              <Copy className="icon" aria-hidden="true" />
              Copy
            </button>
          )}
          {group.traceId !== '' && (
            <Link className="button small" to={`/trace/${group.traceId}`} params={{ span: group.spanId || null }}>
              <ListTree className="icon" aria-hidden="true" />
              Open the trace
            </Link>
          )}
        </div>
      </div>
      {group.stacktrace === '' ? (
        <p className="span-part span-none">It was sent without one.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key.
        <pre className="code exception-stack" tabIndex={0}>
          {group.stacktrace}
        </pre>
      )}
    </section>
  )
}

function Traces({ group, range, zone }: PartProps) {
  const query = tracesQuery(group)
  const asked = useAsked(group.ofSpans === 0 ? undefined : JSON.stringify([query, range]), (signal) =>
    client.searchTraces(query, range.startMs, range.endMs, TRACES_MAX, signal),
  )
  const none = group.ofSpans === 0 || asked.answer?.length === 0
  return (
    <Part title="Traces" to="/explore/traces" query={query} isEmpty={none} asked={asked}>
      <ul className="exception-traces">
        {asked.answer?.map((trace) => (
          <li key={trace.traceId}>
            <Link to={`/trace/${trace.traceId}`}>
              <RootName of={trace} />
            </Link>
            <span className="number">{formatMs(trace.durationMs)}</span>
            <time>{formatInstant(Number(trace.startNs / 1_000_000n), zone).slice(5, 19)}</time>
          </li>
        ))}
      </ul>
    </Part>
  )
}

function Lines({ group, range, zone }: PartProps) {
  const query = linesQuery(group)
  const { startMs, endMs } = range
  const asked = useAsked(JSON.stringify([query, startMs, endMs]), (signal) =>
    client.logLines({ query, startMs, endMs }, LINES_MAX, signal),
  )
  return (
    <Part title="Log records" to="/explore/logs" query={query} isEmpty={asked.answer?.length === 0} asked={asked}>
      <ol className="span-lines">
        {asked.answer?.map((line, i) => (
          // Lines have no identity of their own: equal ones may follow each other.
          // biome-ignore lint/suspicious/noArrayIndexKey: the list is replaced as a whole.
          <li key={i} data-level={levelOf(line.labels)}>
            <time>{formatInstant(Number(line.timeNs / 1_000_000n), zone).slice(5, 19)}</time>
            <span className="code" dir="auto">
              {line.line === '' ? (line.labels['exception_message'] ?? '') : line.line}
            </span>
          </li>
        ))}
      </ol>
    </Part>
  )
}

interface ListPartProps {
  readonly title: string
  readonly to: string
  readonly query: string
  readonly isEmpty: boolean
  readonly asked: Asked<unknown>
  readonly children: ReactNode
}

function Part({ title, to, query, isEmpty, asked, children }: ListPartProps) {
  return (
    <section className="card exception-part" aria-label={title} aria-busy={asked.isLoading}>
      <div className="card-head">
        <h2>{title}</h2>
        <div className="tools">
          <Link className="button small" to={to} params={{ q: query }}>
            <ScrollText className="icon" aria-hidden="true" />
            Open in Explore
          </Link>
        </div>
      </div>
      <Faults of={{ [`${title} cannot be listed`]: { ...asked, query } }} />
      {isEmpty ? <p className="span-part span-none">None in this time.</p> : children}
    </section>
  )
}
