import type { Zone } from '@vantage/charts'
import type { TimeRange } from '@vantage/model'
import { useCallback, useId, useMemo, useRef, useState } from 'react'
import { client } from '../app/client.ts'
import { type Navigate, navigatePath, useNavigate } from '../app/router.ts'
import type { Shortcut } from '../app/shortcuts.ts'
import { useShortcuts } from '../app/use-shortcuts.ts'
import { CulpritList, useCulprits } from '../explore/culprits.tsx'
import { NoMatches } from '../explore/no-matches.tsx'
import { Notice } from '../parts/notice.tsx'
import { useValueKeys } from '../parts/value-keys.ts'
import { type ShareOffer, useShare } from '../share/share-store.ts'
import { lineVariants } from './empty-reason.ts'
import { Facets } from './facets.tsx'
import { filterLines } from './filter.ts'
import { FindBar } from './find-bar.tsx'
import { closeLine, LogDrawer, sourceMetrics } from './log-drawer.tsx'
import { LogList, openRow } from './log-list.tsx'
import { facetsOf } from './log-model.ts'
import { type LogRow, ROWS_MAX, rowsWith, sortedRows, withNewer } from './log-rows.ts'
import { LogTable } from './log-table.tsx'
import { type LogState, toggleContext, toggleWrap } from './log-url.ts'
import { linesCsv, linesJson, linesText } from './logs-export.ts'
import type { LoadedRows } from './use-log-rows.ts'
import { type LogTail, useLogTail } from './use-log-tail.ts'

interface LinesViewProps {
  readonly loaded: LoadedRows
  readonly query: string
  readonly range: TimeRange
  readonly state: LogState
  readonly zone: Zone
  readonly isLive: boolean
  readonly openColumns: () => void
}

const NO_ROWS: readonly LogRow[] = []

/** Lines with what they have in common on the left and the details of one on the right; new ones while live. */
export function LinesView(props: LinesViewProps) {
  const { loaded, query, range, state, zone, isLive } = props
  const navigate = useNavigate()
  const titleId = useId()
  const rows = useShownRows(loaded, state)
  const scroller = useRef<HTMLDivElement>(null)
  const [isAtTop, setAtTop] = useState(true)
  const at = useMemo(() => rows.findIndex((row) => row.key === state.line), [rows, state.line])
  const newest = useRef(0n)
  newest.current = loaded.rows?.[0]?.timeNs ?? loaded.endNs - 1n
  const tail = useLogTail({
    query: isLive && loaded.rows !== undefined ? query : undefined,
    newestNs: () => newest.current,
    isPaused: !isAtTop || at >= 0,
    onLines: (lines) => loaded.change((known) => withNewer(known, lines)),
  })
  const facets = useMemo(() => facetsOf(rows), [rows])
  const matches = useMemo(() => rowsWith(rows, state.find), [rows, state.find])
  useExports(rows, state.columns)
  useLineKeys({ ...props, rows, at, matches })
  if (loaded.rows === undefined) {
    return loaded.isLoading ? <div className="skeleton page-skeleton" aria-busy="true" /> : null
  }
  const row = rows[at]
  const List = state.tab === 'table' ? LogTable : LogList
  const resume = () => {
    if (scroller.current !== null) scroller.current.scrollTop = 0
    setAtTop(true)
    closeLine(navigate)
  }
  if (rows.length === 0) return <NoLines query={query} range={range} tail={tail} isLive={isLive} />
  return (
    <div className="log-columns" data-drawer={row !== undefined}>
      <Facets facets={facets} query={query} />
      <section className="card log-lines" aria-labelledby={titleId} aria-busy={loaded.isLoading}>
        <div className="card-head">
          <h2 id={titleId}>{state.tab === 'table' ? 'Table' : 'Lines'}</h2>
          <span className="aside">{loadedText(loaded)}</span>
          <FindBar
            text={state.find}
            found={matches.length}
            at={matches.indexOf(at)}
            step={(by) => stepMatch(navigate, rows, matches, at, by)}
          />
        </div>
        <TailState tail={tail} isPaused={!isAtTop || at >= 0} resume={resume} />
        <List
          rows={rows}
          state={state}
          at={at}
          zone={zone}
          scroller={scroller}
          onAtTop={setAtTop}
          onNearEnd={loaded.loadOlder}
        />
      </section>
      {row !== undefined && <LogDrawer key={row.key} row={row} state={state} query={query} zone={zone} />}
    </div>
  )
}

/** The loaded rows, in the order of the table where that is shown. */
function useShownRows(loaded: LoadedRows, { tab, sort }: LogState): readonly LogRow[] {
  const rows = loaded.rows ?? NO_ROWS
  const { column, isDescending } = sort ?? {}
  return useMemo(
    () =>
      tab !== 'table' || column === undefined
        ? rows
        : sortedRows(rows, { column, isDescending: isDescending === true }),
    [rows, tab, column, isDescending],
  )
}

function loadedText({ rows, hasOlder, isFull }: LoadedRows): string {
  const count = (rows?.length ?? 0).toLocaleString('en')
  if (isFull) return `the newest ${ROWS_MAX.toLocaleString('en')}; a narrower query or time shows others`
  return hasOlder ? `the newest ${count}; older ones come with scrolling` : `${count} lines`
}

interface NoLinesProps {
  readonly query: string
  readonly range: TimeRange
  readonly tail: LogTail
  readonly isLive: boolean
}

function NoLines({ query, range, tail, isLive }: NoLinesProps) {
  const navigate = useNavigate()
  const spanMs = Math.max(1_000, range.endMs - range.startMs)
  const culprits = useCulprits(
    query,
    (text) => lineVariants(text, `${Math.ceil(spanMs / 1000)}s`),
    ({ countQuery }, signal) =>
      linesOf({ query: countQuery, startMs: range.endMs, endMs: range.endMs }, spanMs, signal),
  )
  return (
    <>
      {tail.trouble !== '' && <Notice kind="warning">{tail.trouble}</Notice>}
      <NoMatches one="line" signal="logs">
        Nothing in this time fulfils <span className="code">{query}</span>. A wider time or a shorter query finds more.
        {isLive && ' New lines appear by themselves.'}
        <CulpritList culprits={culprits} one="line" many="lines" onQuery={(q) => navigate({ q })} />
      </NoMatches>
    </>
  )
}

async function linesOf(asked: TimeRange & { readonly query: string }, spanMs: number, signal: AbortSignal) {
  const answer = await client.logMetric(asked, spanMs, signal)
  return answer.ok && answer.value.data.kind === 'matrix' ? (answer.value.data.series[0]?.values.at(-1) ?? 0) : 0
}

interface TailStateProps {
  readonly tail: LogTail
  readonly isPaused: boolean
  readonly resume: () => void
}

/** What waits while somebody reads, and why nothing comes. */
function TailState({ tail, isPaused, resume }: TailStateProps) {
  return (
    <>
      {isPaused && tail.waiting > 0 && (
        <div className="log-pause">
          <span>
            Paused · {tail.waiting.toLocaleString('en')} new {tail.waiting === 1 ? 'line' : 'lines'}
          </span>
          <button type="button" className="button primary small" onClick={resume}>
            Resume
          </button>
        </div>
      )}
      {tail.trouble !== '' && <Notice kind="warning">Live: {tail.trouble}</Notice>}
      {tail.dropped > 0 && (
        <Notice kind="warning">
          {tail.dropped.toLocaleString('en')} lines came faster than this page takes them and were left out; refresh
          shows them.
        </Notice>
      )}
    </>
  )
}

function stepMatch(
  navigate: Navigate,
  rows: readonly LogRow[],
  matches: readonly number[],
  at: number,
  by: 1 | -1,
): void {
  if (matches.length === 0) return
  const next =
    by === 1 ? (matches.find((one) => one > at) ?? matches[0]) : (matches.findLast((one) => one < at) ?? matches.at(-1))
  openRow(navigate, rows, next as number)
}

interface LineKeysProps extends LinesViewProps {
  readonly rows: readonly LogRow[]
  readonly at: number
  readonly matches: readonly number[]
}

function useLineKeys(props: LineKeysProps): void {
  const navigate = useNavigate()
  const latest = useRef(props)
  latest.current = props
  const shortcuts = useMemo<readonly Shortcut[]>(() => {
    const step = (by: 1 | -1) => () => openRow(navigate, latest.current.rows, latest.current.at + by)
    const match = (by: 1 | -1) => () => {
      const { rows, matches, at } = latest.current
      stepMatch(navigate, rows, matches, at, by)
    }
    return [
      { keys: 'j', label: 'Next line', run: step(1) },
      { keys: 'k', label: 'Previous line', run: step(-1) },
      { keys: 'n', label: 'Next match', run: match(1) },
      { keys: 'shift+n', label: 'Previous match', run: match(-1) },
      { keys: 'w', label: 'Wrap long lines', run: () => toggleWrap(navigate, latest.current.state) },
      { keys: 'c', label: 'Columns', run: () => latest.current.openColumns() },
      { keys: 'b', label: 'Lines before and after', run: () => toggleContext(navigate, latest.current.state) },
      {
        keys: 'i',
        label: 'Metrics of the line’s service',
        run: () => {
          const { rows, at } = latest.current
          const row = rows[at]
          const service = row?.labels['service_name']
          if (row === undefined || service === undefined) return
          const { to, params } = sourceMetrics(row, service)
          navigatePath(to, params)
        },
      },
      { keys: 'Escape', label: 'Close the line', run: () => closeLine(navigate) },
    ]
  }, [navigate])
  useShortcuts(shortcuts)
  useValueKeys((label, value, isWanted) => filterLines(navigate, props.query, label, value, isWanted))
}

/** The loaded lines as files, in the share menu. */
function useExports(rows: readonly LogRow[], columns: readonly string[]): void {
  const latest = useRef({ rows, columns })
  latest.current = { rows, columns }
  const file = useCallback(
    (type: string, make: (rows: readonly LogRow[], columns: readonly string[]) => string) => () => {
      const { rows: all, columns: of } = latest.current
      return all.length === 0 ? undefined : new Blob([make(all, of)], { type })
    },
    [],
  )
  const offers = useMemo<readonly ShareOffer[]>(
    () => [
      { label: 'Save the loaded lines as text', fileName: 'lines.txt', make: file('text/plain', linesText) },
      { label: 'Save the loaded lines as CSV', fileName: 'lines.csv', make: file('text/csv', linesCsv) },
      {
        label: 'Save the loaded lines as JSON',
        fileName: 'lines.ndjson',
        make: file('application/x-ndjson', linesJson),
      },
    ],
    [file],
  )
  useShare(offers)
}
