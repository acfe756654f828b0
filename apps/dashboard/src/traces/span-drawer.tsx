import type { TraceSpan } from '@vantage/api/client'
import { formatInstant, formatMs, type Zone } from '@vantage/charts'
import { SPAN_KINDS, spanIdAt } from '@vantage/model'
import { Braces, ChartLine, Copy, ScrollText } from 'lucide-react'
import { useMemo } from 'react'
import { client } from '../app/client.ts'
import type { Jump } from '../app/jump.ts'
import { Link } from '../app/link.tsx'
import { navigatePath, useSearch } from '../app/router.ts'
import type { Shortcut } from '../app/shortcuts.ts'
import { copyText } from '../app/toast.tsx'
import { useUrlSwitch } from '../app/url-text.ts'
import { useShortcuts } from '../app/use-shortcuts.ts'
import { useAsked } from '../explore/use-asked.ts'
import { Drawer } from '../parts/drawer.tsx'
import { Faults } from '../parts/faults.tsx'
import { SpanAttributes } from './span-attributes.tsx'
import { spanJumps } from './span-jumps.ts'
import { SpanLines } from './span-lines.tsx'
import { closeSpan } from './trace-url.ts'
import { nameAt, serviceAt, type TraceView } from './trace-view.ts'

interface SpanDrawerProps {
  readonly view: TraceView
  readonly place: number
  readonly zone: Zone
}

/** Everything about one span: times at once, what it was sent with when it comes. */
export function SpanDrawer({ view, place, zone }: SpanDrawerProps) {
  const { columns } = view
  const spanId = spanIdAt(columns, place)
  const asked = useAsked(`${columns.traceId} ${spanId}`, (signal) => client.traceSpan(columns.traceId, spanId, signal))
  // Zipkin's client and server share an id.
  const span = asked.answer?.find((one) => one.kind === columns.kinds[place]) ?? asked.answer?.[0]
  const jumps = useMemo(() => spanJumps(view, place), [view, place])
  const [isRaw, setRaw] = useUrlSwitch('raw')
  useJumpKeys(jumps)
  return (
    <Drawer onClose={closeSpan} title={nameAt(columns, place)}>
      <div className="span-jumps">
        <Link
          className="button small"
          keepsWay={true}
          to={jumps.logs.path}
          params={jumps.logs.params}
          title="Log lines of this span (l)"
        >
          <ScrollText className="icon" aria-hidden="true" />
          Logs
        </Link>
        <Link
          className="button small"
          keepsWay={true}
          to={jumps.metrics.path}
          params={jumps.metrics.params}
          title="Latency of this operation (i)"
        >
          <ChartLine className="icon" aria-hidden="true" />
          Metrics
        </Link>
        <button type="button" className="button small" aria-pressed={isRaw} onClick={() => setRaw(!isRaw)}>
          <Braces className="icon" aria-hidden="true" />
          Raw
        </button>
      </div>
      {isRaw && span !== undefined ? <Raw span={span} /> : <Facts view={view} place={place} zone={zone} span={span} />}
      <Faults of={{ 'Attributes cannot be shown': asked }} />
      {span === undefined && asked.isLoading && <div className="skeleton span-skeleton" aria-busy="true" />}
      {span !== undefined && !isRaw && <Details view={view} span={span} zone={zone} />}
    </Drawer>
  )
}

function Facts({ view, place, zone, span }: SpanDrawerProps & { readonly span: TraceSpan | undefined }) {
  const { columns, tree, criticalMs } = view
  const tookMs = columns.durationMs[place] as number
  const onPathMs = criticalMs[place] as number
  const skewMs = tree.skewMs[place] as number
  const startMs = columns.startMs[place] as number
  const missing = columns.missing.get(place)
  return (
    <dl className="span-facts">
      <dt>Service</dt>
      <dd>
        <Link to={`/services/${encodeURIComponent(serviceAt(columns, place))}`}>{serviceAt(columns, place)}</Link>
      </dd>
      <dt>Kind</dt>
      <dd>{SPAN_KINDS[columns.kinds[place] as number] ?? 'unspecified'}</dd>
      <dt>Duration</dt>
      <dd>
        {formatMs(tookMs)}, of it {formatMs(tree.selfMs[place] as number)} its own
        {onPathMs > 0 && `, ${formatMs(onPathMs)} on the critical path`}
      </dd>
      <dt>Start</dt>
      <dd>
        {formatMs(startMs)} after the trace,{' '}
        {formatInstant(Number(columns.startNs / 1_000_000n) + Math.floor(startMs), zone)}
      </dd>
      {skewMs > 0 && (
        <>
          <dt>Clock</dt>
          <dd className="span-skew">begins {formatMs(skewMs)} before its parent</dd>
        </>
      )}
      <dt>Status</dt>
      <dd dir="auto">
        {columns.isError[place] === 1 ? <span className="badge critical">◆ error</span> : 'ok'} {span?.statusMessage}
      </dd>
      {missing !== undefined && (
        <>
          <dt>Parent</dt>
          <dd>
            <span className="code">{missing}</span> was not received
          </dd>
        </>
      )}
    </dl>
  )
}

function Details({ view, span, zone }: { readonly view: TraceView; readonly span: TraceSpan; readonly zone: Zone }) {
  return (
    <>
      <SpanAttributes span={span} view={view} />
      <Events span={span} />
      <SpanLines span={span} zone={zone} />
      <Links span={span} />
    </>
  )
}

function Events({ span }: { readonly span: TraceSpan }) {
  if (span.events.length === 0) return null
  return (
    <section className="span-part">
      <h3>Events</h3>
      <ol className="span-events">
        {span.events.map((event, i) => (
          // Events have no identity of their own: equal ones may follow each other.
          // biome-ignore lint/suspicious/noArrayIndexKey: the list is replaced as a whole.
          <li key={i}>
            <strong dir="auto">{event.name}</strong> after {formatMs(Number(event.timeNs - span.startNs) / 1e6)}
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

function Links({ span }: { readonly span: TraceSpan }) {
  if (span.links.length === 0) return null
  return (
    <section className="span-part">
      <h3>Links</h3>
      <ul className="span-events">
        {span.links.map(({ traceId, spanId, attributes }) => (
          <li key={`${traceId} ${spanId}`}>
            <Link to={`/trace/${traceId}`} params={{ span: spanId }}>
              <span className="code">
                {traceId} {spanId}
              </span>
            </Link>
            {attributes.map(([key, value]) => (
              <pre key={key} className="code">
                {key}: {value}
              </pre>
            ))}
          </li>
        ))}
      </ul>
    </section>
  )
}

/** The span as JSON, with times as the numbers that were sent. */
function Raw({ span }: { readonly span: TraceSpan }) {
  const text = JSON.stringify(span, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value), 2)
  return (
    <section className="span-part">
      <button type="button" className="button small" onClick={() => copyText(text, 'Span')}>
        <Copy className="icon" aria-hidden="true" />
        Copy
      </button>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key. */}
      <pre className="code span-raw" tabIndex={0}>
        {text}
      </pre>
    </section>
  )
}

const WAY = { keepsWay: true }

function useJumpKeys(jumps: { readonly logs: Jump; readonly metrics: Jump }): void {
  const search = useSearch()
  // biome-ignore lint/correctness/useExhaustiveDependencies: the time goes along with the jump.
  const shortcuts = useMemo<readonly Shortcut[]>(
    () => [
      { keys: 'l', label: 'Logs of the span', run: () => navigatePath(jumps.logs.path, jumps.logs.params, WAY) },
      {
        keys: 'i',
        label: 'Metrics of the span',
        run: () => navigatePath(jumps.metrics.path, jumps.metrics.params, WAY),
      },
    ],
    [jumps, search],
  )
  useShortcuts(shortcuts)
}
