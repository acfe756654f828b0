import { formatInstant, shownText, type Zone } from '@vantage/charts'
import {
  type CSSProperties,
  type KeyboardEvent,
  type MouseEvent,
  memo,
  type RefObject,
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react'
import { type Navigate, useNavigate } from '../app/router.ts'
import { levelOf } from './log-model.ts'
import { type LogRow, markedParts, ROW_PX, rowAtTop, rowTops } from './log-rows.ts'
import type { LogState } from './log-url.ts'

/** Rows above and below the visible ones that are drawn, too, and how few of them may be left before others are drawn. */
const OVERSCAN = 12
const OVERSCAN_LEFT = 4
/** So close to the end, older lines are asked for. */
const NEAR_END_PX = 2_000
/** Of a line, what a row holds; the details have all of it. */
const ROW_CHARS_MAX = 4_000
const PROBE = '0'.repeat(50)

interface LogListProps {
  readonly rows: readonly LogRow[]
  readonly state: LogState
  /** Place of the line whose details are open, -1 without. */
  readonly at: number
  readonly zone: Zone
  readonly scroller: RefObject<HTMLDivElement | null>
  readonly onAtTop: (isAtTop: boolean) => void
  readonly onNearEnd: () => void
}

/** Opens the details of a row, or of the first or last at the ends. */
export function openRow(navigate: Navigate, rows: readonly LogRow[], at: number): void {
  const row = rows[Math.min(rows.length - 1, Math.max(0, at))]
  if (row !== undefined) navigate({ line: row.key }, { replace: true })
}

/** Loaded lines under each other; only those on screen, and some around them, are elements. */
export function LogList(props: LogListProps) {
  const { rows, state, at, zone, scroller, onAtTop, onNearEnd } = props
  const navigate = useNavigate()
  const listId = useId()
  const probe = useRef<HTMLDivElement>(null)
  const columns = useSameColumns(state.columns)
  const charsPerLine = useCharsPerLine(probe, state)
  const tops = useMemo(
    () => rowTops(rows, state.isWrapped ? charsPerLine : undefined),
    [rows, state.isWrapped, charsPerLine],
  )
  const { first, last } = useDrawnRows(scroller, tops, onAtTop, onNearEnd)
  useRowInView(scroller, tops, at)
  const openClicked = (event: MouseEvent<HTMLDivElement>) => {
    const place = (event.target as Element).closest<HTMLElement>('[data-place]')?.dataset['place']
    const row = place === undefined ? undefined : rows[Number(place)]
    if (row !== undefined) navigate({ line: row.key === state.line ? null : row.key }, { replace: true })
  }
  return (
    <div
      className="log-list"
      ref={scroller}
      role="listbox"
      aria-label="Lines, the newest first"
      aria-activedescendant={at >= first && at < last ? `${listId}-${at}` : undefined}
      tabIndex={0}
      data-single-keys
      data-wrap={state.isWrapped}
      style={columnsStyle(columns.length)}
      onClick={openClicked}
      onKeyDown={(event) => moveByKey(event, navigate, rows, at, event.currentTarget.clientHeight)}
    >
      <Probe probe={probe} columns={columns} />
      <div className="log-rows" role="presentation" style={{ height: `${tops[rows.length]}px` }}>
        {rows.slice(first, last).map((row, i) => (
          <Row
            key={row.key}
            row={row}
            columns={columns}
            find={state.find}
            zone={zone}
            place={first + i}
            count={rows.length}
            isOpen={first + i === at}
            id={`${listId}-${first + i}`}
            topPx={tops[first + i] as number}
            heightPx={(tops[first + i + 1] as number) - (tops[first + i] as number)}
          />
        ))}
      </div>
    </div>
  )
}

interface DrawnRows {
  readonly first: number
  /** Not included. */
  readonly last: number
}

/** Which rows are elements: those on screen with some around them, the same ones as long as enough are left on each side. */
function useDrawnRows(
  scroller: RefObject<HTMLDivElement | null>,
  tops: Float64Array,
  onAtTop: (isAtTop: boolean) => void,
  onNearEnd: () => void,
): DrawnRows {
  const [view, setView] = useState({ top: 0, height: 800 })
  const count = tops.length - 1
  const around = ({ top, height }: typeof view, rows: number): DrawnRows => ({
    first: Math.max(0, rowAtTop(tops, top) - rows),
    last: Math.min(count, rowAtTop(tops, top + height) + 1 + rows),
  })
  const drawn = around(view, OVERSCAN)
  const look = () => {
    const box = scroller.current
    // A list that was just left may still tell of its last scroll.
    if (box === null) return
    const seen = { top: box.scrollTop, height: box.clientHeight }
    const needed = around(seen, OVERSCAN_LEFT)
    if (needed.first < drawn.first || needed.last > drawn.last) setView(seen)
    onAtTop(seen.top <= ROW_PX)
    if (seen.top + seen.height > (tops[count] as number) - NEAR_END_PX) onNearEnd()
  }
  const latest = useRef(look)
  latest.current = look
  useEffect(() => {
    const box = scroller.current as HTMLDivElement
    const lookNow = () => latest.current()
    const watcher = new ResizeObserver(lookNow)
    watcher.observe(box)
    box.addEventListener('scroll', lookNow, { passive: true })
    return () => {
      watcher.disconnect()
      box.removeEventListener('scroll', lookNow)
    }
  }, [scroller])
  return drawn
}

/** The same list as long as it holds the same, so that rows need not be drawn again. */
function useSameColumns(columns: readonly string[]): readonly string[] {
  const kept = useRef(columns)
  const isSame = columns.length === kept.current.length && columns.every((one, i) => one === kept.current[i])
  if (!isSame) kept.current = columns
  return kept.current
}

/** Widths of the columns; none is no list of widths. */
function columnsStyle(count: number): CSSProperties | undefined {
  return count === 0 ? undefined : ({ '--log-columns': `repeat(${count}, 130px)` } as CSSProperties)
}

interface RowProps {
  readonly row: LogRow
  readonly columns: readonly string[]
  /** Text that is marked. */
  readonly find: string
  readonly zone: Zone
  readonly place: number
  readonly count: number
  readonly isOpen: boolean
  readonly id: string
  readonly topPx: number
  readonly heightPx: number
}

const Row = memo(function Row({ row, columns, find, zone, place, count, isOpen, id, topPx, heightPx }: RowProps) {
  const level = levelOf(row.labels)
  const time = formatInstant(Number(row.timeNs / 1_000_000n), zone)
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus, names the active row and handles its keys.
    <div
      id={id}
      role="option"
      aria-selected={isOpen}
      aria-setsize={count}
      aria-posinset={place + 1}
      className="log-row log-line"
      data-level={level}
      data-place={place}
      style={{ transform: `translateY(${topPx}px)`, height: `${heightPx}px` }}
    >
      <span className="log-time">
        <span className="log-date">{time.slice(5, 11)}</span>
        {time.slice(11, 23)}
      </span>
      <span className="log-level">{level === 'unknown' ? '–' : level}</span>
      <span className="log-service">{row.labels['service_name'] ?? ''}</span>
      {columns.map((label) => (
        <span key={label} className="log-cell code">
          {row.labels[label] ?? '–'}
        </span>
      ))}
      <span className="log-text code" dir="auto">
        <Marked text={shownText(row.line.slice(0, ROW_CHARS_MAX))} find={find} />
      </span>
    </div>
  )
})

function Marked({ text, find }: { readonly text: string; readonly find: string }) {
  if (find.trim() === '') return text
  return markedParts(text, find).map((part, i) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one text, replaced as a whole.
    part.isMatch ? <mark key={i}>{part.text}</mark> : <span key={i}>{part.text}</span>,
  )
}

/** A row that is never seen, from which is measured how many characters a line holds. */
function Probe({
  probe,
  columns,
}: {
  readonly probe: RefObject<HTMLDivElement | null>
  readonly columns: readonly string[]
}) {
  return (
    <div className="log-line log-probe" ref={probe} aria-hidden="true" role="presentation">
      <span className="log-time" />
      <span className="log-level" />
      <span className="log-service" />
      {columns.map((label) => (
        <span key={label} className="log-cell" />
      ))}
      <span className="log-text code">
        <span>{PROBE}</span>
      </span>
    </div>
  )
}

function useCharsPerLine(probe: RefObject<HTMLDivElement | null>, { columns, isWrapped }: LogState): number {
  const [chars, setChars] = useState(100)
  const count = columns.length
  // biome-ignore lint/correctness/useExhaustiveDependencies: columns and wrapping change what is measured.
  useLayoutEffect(() => {
    const text = probe.current?.querySelector<HTMLElement>('.log-text')
    const inner = text?.firstElementChild
    if (text === null || text === undefined || inner === null || inner === undefined) return
    const measure = () => {
      const charPx = inner.getBoundingClientRect().width / PROBE.length
      if (charPx > 0) setChars(Math.max(10, Math.floor(text.clientWidth / charPx)))
    }
    measure()
    const watcher = new ResizeObserver(measure)
    watcher.observe(text)
    return () => watcher.disconnect()
  }, [probe, count, isWrapped])
  return chars
}

/** Scrolls as far as needed, and only when another row is open. */
function useRowInView(scroller: RefObject<HTMLDivElement | null>, tops: Float64Array, at: number): void {
  const latest = useRef(tops)
  latest.current = tops
  useLayoutEffect(() => {
    const box = scroller.current
    if (box === null || at < 0) return
    const [top, bottom] = [latest.current[at] as number, latest.current[at + 1] as number]
    if (top < box.scrollTop) box.scrollTop = Math.max(0, top - ROW_PX)
    else if (bottom > box.scrollTop + box.clientHeight) box.scrollTop = bottom + ROW_PX - box.clientHeight
  }, [scroller, at])
}

function moveByKey(
  event: KeyboardEvent,
  navigate: Navigate,
  rows: readonly LogRow[],
  at: number,
  heightPx: number,
): void {
  if (event.altKey || event.ctrlKey || event.metaKey) return
  const page = Math.max(1, Math.floor(heightPx / ROW_PX) - 2)
  const to: Readonly<Record<string, number>> = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    PageDown: at + page,
    PageUp: at - page,
    Home: 0,
    End: rows.length - 1,
    Enter: Math.max(0, at),
  }
  const wanted = to[event.key]
  if (wanted === undefined) return
  event.preventDefault()
  openRow(navigate, rows, wanted)
}
