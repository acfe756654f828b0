import { ArrowUpDown, Expand, Filter, Pause, Play, Server, Shrink } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { navigateSearch } from '../app/router.ts'
import { Choice } from '../parts/choice.tsx'
import { Popover } from '../parts/popover.tsx'
import { elapsedText } from '../time/elapsed-text.ts'
import { type HostRow, hostRows } from './host-rows.ts'
import type { LiveFacts, LiveSession } from './live-session.ts'
import { COLUMNS, DEFAULT_MATCHERS, type LiveSort, type LiveState, SORTS, WINDOWS_S } from './live-url.ts'

interface LiveControlsProps {
  readonly state: LiveState
  readonly facts: LiveFacts
  readonly session: LiveSession | undefined
  readonly isFrozen: boolean
  readonly onFreeze: () => void
  readonly onSort: (sort: LiveSort) => void
}

const SORT_NAMES: Readonly<Record<LiveSort, string>> = {
  name: 'By name',
  value: 'By last value',
  change: 'By rate of change',
  oddness: 'By how unusual',
}

export function LiveControls({ state, facts, session, isFrozen, onFreeze, onSort }: LiveControlsProps) {
  const Freeze = isFrozen ? Play : Pause
  const Kiosk = state.isKiosk ? Shrink : Expand
  const kioskLabel = state.isKiosk ? 'Leave kiosk mode' : 'Kiosk mode'
  return (
    <div className="page-head">
      <h1>Live</h1>
      <MatchersField matchers={state.matchers} />
      <div className="tools">
        <HostPicker facts={facts} session={session} chosen={state.host} />
        <Choice
          label="Window"
          value={state.windowS}
          options={WINDOWS_S.map((value) => ({ value, label: `${value} s` }))}
          onChoose={(value) => navigateSearch({ window: value === 30 ? null : String(value) })}
        />
        <span className="wide-only columns-choice">
          <Choice
            label="Columns"
            value={state.columns}
            options={COLUMNS.map((value) => ({ value, label: String(value), title: `${value} columns` }))}
            onChoose={(value) => navigateSearch({ cols: value === 3 ? null : String(value) })}
          />
        </span>
        <SortMenu sort={state.sort} onSort={onSort} />
        <button type="button" className="button" aria-pressed={isFrozen} title="Freeze all (Space)" onClick={onFreeze}>
          <Freeze className="icon" aria-hidden="true" />
          {isFrozen ? 'Resume' : 'Freeze'}
        </button>
        <button
          type="button"
          className="button icon-only wide-only"
          aria-label={kioskLabel}
          title={`${kioskLabel} (k)`}
          onClick={() => navigateSearch({ kiosk: state.isKiosk ? null : '1' })}
        >
          <Kiosk className="icon" />
        </button>
      </div>
    </div>
  )
}

/** A PromQL selector; ↵ applies it. */
function MatchersField({ matchers }: { readonly matchers: string }) {
  const shown = matchers === DEFAULT_MATCHERS ? '' : matchers
  const [text, setText] = useState(shown)
  useEffect(() => setText(shown), [shown])
  return (
    <form
      className="matchers-form"
      onSubmit={(event) => {
        event.preventDefault()
        navigateSearch({ q: text.trim() === '' ? null : text.trim() })
      }}
    >
      <label className="field">
        <Filter className="icon" aria-hidden="true" />
        <span className="visually-hidden">Series selector</span>
        <input
          id="live-matchers"
          className="code"
          placeholder={'All series, or {job="api"}'}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </label>
    </form>
  )
}

interface HostPickerProps {
  readonly facts: LiveFacts
  readonly session: LiveSession | undefined
  /** '' = all of them. */
  readonly chosen: string
}

function HostPicker({ facts, session, chosen }: HostPickerProps) {
  if (facts.hosts.length === 0 && chosen === '') return null
  return (
    <Popover
      label="Host"
      kind="menu"
      panelClass="start host-menu"
      trigger={
        <>
          <Server className="icon" aria-hidden="true" />
          <span className="host-name">{chosen === '' ? 'All hosts' : chosen}</span>
        </>
      }
    >
      {(close) => <HostRows facts={facts} session={session} chosen={chosen} close={close} />}
    </Popover>
  )
}

/** Each host with what it sends and since when it has not; read once when the menu opens, so that rows stand still. */
function HostRows({ facts, session, chosen, close }: HostPickerProps & { readonly close: () => void }) {
  const [rows, setRows] = useState<ReadonlyMap<string, HostRow>>(new Map())
  const latest = useRef(facts)
  useEffect(() => {
    let isWanted = true
    void session?.lineFigures(undefined).then((figures) => {
      if (isWanted) setRows(hostRows(latest.current.charts, figures, session.nowMs()))
    })
    return () => {
      isWanted = false
    }
  }, [session])
  return ['', ...facts.hosts].map((host) => (
    <button
      key={host}
      type="button"
      role="menuitemradio"
      aria-checked={host === chosen}
      className="menu-item"
      onClick={() => {
        navigateSearch({ host: host === '' ? null : host })
        close()
      }}
    >
      <span className="host-name">{host === '' ? 'All hosts' : host}</span>
      <span className="host-facts">{hostText(rows.get(host))}</span>
    </button>
  ))
}

/** `3 series, 2 s ago`. */
function hostText(row: HostRow | undefined): string {
  if (row === undefined) return ''
  const count = `${row.series.toLocaleString('en')} series`
  return Number.isFinite(row.silentMs) ? `${count}, ${elapsedText(row.silentMs)} ago` : count
}

/** Sorting happens once, when it is asked for: cards never jump by themselves. */
function SortMenu({ sort: chosen, onSort }: { readonly sort: LiveSort; readonly onSort: (sort: LiveSort) => void }) {
  return (
    <Popover
      label="Sort now"
      kind="menu"
      triggerLabel="Sort now"
      triggerClass="button icon-only"
      trigger={<ArrowUpDown className="icon" aria-hidden="true" />}
    >
      {(close) =>
        SORTS.map((sort) => (
          <button
            key={sort}
            type="button"
            role="menuitemradio"
            aria-checked={sort === chosen}
            className="menu-item"
            onClick={() => {
              onSort(sort)
              close()
            }}
          >
            {SORT_NAMES[sort]}
          </button>
        ))
      }
    </Popover>
  )
}
