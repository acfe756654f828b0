import { formatInstant, type Zone } from '@vantage/charts'
import { ArrowDown, ArrowUp } from 'lucide-react'
import { type RefObject, useEffect, useRef, useState } from 'react'
import { useNavigate } from '../app/router.ts'
import { levelOf } from './log-model.ts'
import type { LogRow } from './log-rows.ts'
import { type LogState, sortAfterClick } from './log-url.ts'

const ROW_PX = 32
const OVERSCAN = 8
/** So close to the end, older lines are asked for. */
const NEAR_END_PX = 2_000
/** Of a line, what a cell holds. */
const CELL_CHARS_MAX = 500
/** Columns where none is chosen. */
const USUAL_COLUMNS: readonly string[] = ['service_name', 'detected_level']

interface LogTableProps {
  readonly rows: readonly LogRow[]
  readonly state: LogState
  /** Place of the line whose details are open, -1 without. */
  readonly at: number
  readonly zone: Zone
  readonly scroller: RefObject<HTMLDivElement | null>
  readonly onAtTop: (isAtTop: boolean) => void
  readonly onNearEnd: () => void
}

/** The loaded lines as a table of the chosen columns, sorted by any of them. Only rows on screen are elements. */
export function LogTable({ rows, state, at, zone, scroller, onAtTop, onNearEnd }: LogTableProps) {
  const [view, setView] = useState({ top: 0, height: 800 })
  const columns = state.columns.length === 0 ? USUAL_COLUMNS : state.columns
  const look = () => {
    const box = scroller.current
    if (box === null) return
    setView({ top: box.scrollTop, height: box.clientHeight })
    onAtTop(box.scrollTop <= ROW_PX)
    if (box.scrollTop + box.clientHeight > rows.length * ROW_PX - NEAR_END_PX) onNearEnd()
  }
  const latest = useRef(look)
  latest.current = look
  useEffect(() => {
    const watcher = new ResizeObserver(() => latest.current())
    watcher.observe(scroller.current as HTMLDivElement)
    return () => watcher.disconnect()
  }, [scroller])
  useEffect(() => {
    const box = scroller.current
    if (box === null || at < 0) return
    const top = at * ROW_PX
    if (top < box.scrollTop) box.scrollTop = top
    else if (top + 3 * ROW_PX > box.scrollTop + box.clientHeight) box.scrollTop = top + 3 * ROW_PX - box.clientHeight
  }, [scroller, at])
  const first = Math.max(0, Math.floor(view.top / ROW_PX) - OVERSCAN)
  const last = Math.min(rows.length, Math.ceil((view.top + view.height) / ROW_PX) + OVERSCAN)
  return (
    <section aria-label="Lines as a table">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key. */}
      <div className="log-table side-scroll" ref={scroller} tabIndex={0} onScroll={look}>
        <table aria-rowcount={rows.length + 1}>
          <thead>
            <tr aria-rowindex={1}>
              <th scope="col">Time</th>
              {columns.map((label) => (
                <SortHead key={label} label={label} state={state} />
              ))}
              <th scope="col">Line</th>
            </tr>
          </thead>
          <tbody>
            <Gap rows={first} />
            {rows.slice(first, last).map((row, i) => (
              <Row key={row.key} row={row} place={first + i} isOpen={first + i === at} columns={columns} zone={zone} />
            ))}
            <Gap rows={rows.length - last} />
          </tbody>
        </table>
      </div>
    </section>
  )
}

/** The place of rows that are no elements. */
function Gap({ rows }: { readonly rows: number }) {
  if (rows <= 0) return null
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: an empty row has no focus.
    <tr aria-hidden="true" style={{ height: `${rows * ROW_PX}px` }} />
  )
}

function SortHead({ label, state }: { readonly label: string; readonly state: LogState }) {
  const navigate = useNavigate()
  const sort = state.sort?.column === label ? state.sort : undefined
  const Arrow = sort?.isDescending === true ? ArrowDown : ArrowUp
  return (
    <th scope="col" aria-sort={sort === undefined ? undefined : sort.isDescending ? 'descending' : 'ascending'}>
      <button
        type="button"
        className="sort-button"
        onClick={() => navigate({ sort: sortAfterClick(state.sort, label) })}
      >
        {label}
        {sort !== undefined && <Arrow className="icon" aria-hidden="true" />}
      </button>
    </th>
  )
}

interface RowProps {
  readonly row: LogRow
  readonly place: number
  readonly isOpen: boolean
  readonly columns: readonly string[]
  readonly zone: Zone
}

function Row({ row, place, isOpen, columns, zone }: RowProps) {
  const navigate = useNavigate()
  const time = formatInstant(Number(row.timeNs / 1_000_000n), zone)
  const toggle = () => navigate({ line: isOpen ? null : row.key }, { replace: true })
  return (
    <tr aria-rowindex={place + 2} data-level={levelOf(row.labels)} data-open={isOpen} onClick={toggle}>
      <td>
        <button
          type="button"
          className="text-button"
          aria-expanded={isOpen}
          onClick={(event) => {
            event.stopPropagation()
            toggle()
          }}
        >
          {time.slice(5, 23)}
        </button>
      </td>
      {columns.map((label) => (
        <td key={label} className="code" title={row.labels[label]} dir="auto">
          {row.labels[label] ?? '–'}
        </td>
      ))}
      <td className="code log-table-line" dir="auto">
        {row.line.slice(0, CELL_CHARS_MAX)}
      </td>
    </tr>
  )
}
