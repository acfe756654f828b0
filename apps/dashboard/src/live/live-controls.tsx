import { ArrowUpDown, Expand, Filter, Pause, Play, Server, Shrink } from 'lucide-react'
import { useEffect, useState } from 'react'
import { navigateSearch } from '../app/router.ts'
import { Choice } from '../parts/choice.tsx'
import { Popover } from '../parts/popover.tsx'
import { COLUMNS, DEFAULT_MATCHERS, type LiveSort, type LiveState, SORTS, WINDOWS_S } from './live-url.ts'

interface LiveControlsProps {
  readonly state: LiveState
  readonly hosts: readonly string[]
  readonly isFrozen: boolean
  readonly onFreeze: () => void
  readonly onSort: (sort: LiveSort) => void
}

const SORT_NAMES: Readonly<Record<LiveSort, string>> = {
  name: 'By name',
  value: 'By last value',
  change: 'By rate of change',
}

export function LiveControls({ state, hosts, isFrozen, onFreeze, onSort }: LiveControlsProps) {
  const Freeze = isFrozen ? Play : Pause
  const Kiosk = state.isKiosk ? Shrink : Expand
  const kioskLabel = state.isKiosk ? 'Leave kiosk mode' : 'Kiosk mode'
  return (
    <div className="page-head">
      <h1>Live</h1>
      <MatchersField matchers={state.matchers} />
      <div className="tools">
        <HostPicker hosts={hosts} chosen={state.host} />
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
        <SortMenu onSort={onSort} />
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

function HostPicker({ hosts, chosen }: { readonly hosts: readonly string[]; readonly chosen: string }) {
  if (hosts.length === 0 && chosen === '') return null
  return (
    <Popover
      label="Host"
      kind="menu"
      panelClass="host-menu"
      trigger={
        <>
          <Server className="icon" aria-hidden="true" />
          <span className="host-name">{chosen === '' ? 'All hosts' : chosen}</span>
        </>
      }
    >
      {(close) =>
        ['', ...hosts].map((host) => (
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
          </button>
        ))
      }
    </Popover>
  )
}

/** Sorting happens once, when it is asked for: cards never jump by themselves. */
function SortMenu({ onSort }: { readonly onSort: (sort: LiveSort) => void }) {
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
            role="menuitem"
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
