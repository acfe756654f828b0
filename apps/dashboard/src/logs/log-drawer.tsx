import { formatInstant, type Zone } from '@vantage/charts'
import { Braces, ChartLine, Copy, ListTree, Rows3 } from 'lucide-react'
import { useMemo } from 'react'
import { Link } from '../app/link.tsx'
import { type Navigate, useNavigate } from '../app/router.ts'
import { copyText } from '../app/toast.tsx'
import { useUrlSwitch } from '../app/url-text.ts'
import { Drawer } from '../parts/drawer.tsx'
import { valueMark } from '../parts/value-keys.ts'
import { ValueMenu } from '../parts/value-menu.tsx'
import { filterLines } from './filter.ts'
import { LineContext } from './line-context.tsx'
import { levelOf } from './log-model.ts'
import type { LogRow } from './log-rows.ts'
import { type LogState, toggleContext, withColumn } from './log-url.ts'

/** Of a line, what is drawn at once; copying takes all of it. */
const LINE_CHARS_MAX = 100_000

interface LogDrawerProps {
  readonly row: LogRow
  readonly state: LogState
  readonly query: string
  readonly zone: Zone
}

export function closeLine(navigate: Navigate): void {
  navigate({ line: null }, { replace: true })
}

/** Everything about one line: the line itself, its fields, the lines before and after, its trace. */
export function LogDrawer({ row, state, query, zone }: LogDrawerProps) {
  const navigate = useNavigate()
  const traceId = row.labels['trace_id'] ?? ''
  const service = row.labels['service_name'] ?? ''
  const level = levelOf(row.labels)
  const context = state.hasContext
  return (
    <Drawer title={formatInstant(Number(row.timeNs / 1_000_000n), zone)} onClose={() => closeLine(navigate)}>
      <div className="span-jumps">
        {traceId !== '' && (
          <Link
            keepsWay={true}
            className="button small"
            to={`/trace/${traceId}`}
            params={{ span: row.labels['span_id'] || null }}
          >
            <ListTree className="icon" aria-hidden="true" />
            Open the trace
          </Link>
        )}
        <button
          type="button"
          className="button small"
          aria-pressed={context}
          title="Lines before and after of the same instance (b)"
          onClick={() => toggleContext(navigate, state)}
        >
          <Rows3 className="icon" aria-hidden="true" />
          Around
        </button>
        {service !== '' && (
          <Link
            className="button small"
            title="Metrics of its service around that time (i)"
            {...sourceMetrics(row, service)}
          >
            <ChartLine className="icon" aria-hidden="true" />
            Metrics
          </Link>
        )}
        <button type="button" className="button small" onClick={() => copyText(row.line, 'Line')}>
          <Copy className="icon" aria-hidden="true" />
          Copy
        </button>
        <span className="badge" data-level={level}>
          {level}
        </span>
      </div>
      <Line text={row.line} />
      {context && <LineContext key={row.key} row={row} query={query} zone={zone} />}
      <Fields row={row} state={state} query={query} />
    </Drawer>
  )
}

/** Shown before and after the line, ms. */
const METRICS_MARGIN_MS = 900_000

/** Where the metrics of the service that wrote a line are, around its time. */
export function sourceMetrics({ timeNs }: LogRow, service: string) {
  const atMs = Number(timeNs / 1_000_000n)
  const params = { from: String(atMs - METRICS_MARGIN_MS), to: String(atMs + METRICS_MARGIN_MS), live: '0' }
  return { to: `/services/${encodeURIComponent(service)}/metrics`, params }
}

/** As it came, or in order where it is JSON. */
function Line({ text }: { readonly text: string }) {
  const formatted = useMemo(() => formattedJson(text), [text])
  const [isPlain, setPlain] = useUrlSwitch('plain')
  const shown = isPlain ? text : (formatted ?? text)
  return (
    <section className="span-part">
      {formatted !== undefined && (
        <button type="button" className="text-button" onClick={() => setPlain(!isPlain)}>
          <Braces className="icon" aria-hidden="true" /> {isPlain ? 'In order' : 'As it came'}
        </button>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key. */}
      <pre className="code log-whole" dir="auto" tabIndex={0}>
        {shown.slice(0, LINE_CHARS_MAX)}
      </pre>
      {shown.length > LINE_CHARS_MAX && (
        <p className="span-none">
          The first {LINE_CHARS_MAX.toLocaleString('en')} of {shown.length.toLocaleString('en')} characters; Copy takes
          all.
        </p>
      )}
    </section>
  )
}

function formattedJson(text: string): string | undefined {
  if (!/^\s*[{[]/.test(text) || text.length > LINE_CHARS_MAX) return undefined
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return undefined
  }
}

function Fields({ row, state, query }: Omit<LogDrawerProps, 'zone'>) {
  const navigate = useNavigate()
  const filter = (label: string, value: string, isWanted: boolean) =>
    filterLines(navigate, query, label, value, isWanted)
  return (
    <section className="span-part">
      <h3>Fields</h3>
      <table className="span-pairs">
        <tbody>
          {Object.entries(row.labels).map(([label, value]) => (
            <tr key={label} {...valueMark(label, value)}>
              <th scope="row">{label}</th>
              <td className="code" dir="auto">
                {value}
              </td>
              <td className="span-menu">
                <ValueMenu
                  name={label}
                  value={value}
                  actions={[
                    { label: 'Filter for', run: () => filter(label, value, true) },
                    { label: 'Filter out', run: () => filter(label, value, false) },
                    {
                      label: state.columns.includes(label) ? 'Remove the column' : 'Add as column',
                      run: () => navigate({ col: withColumn(state.columns, label) }),
                    },
                  ]}
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
