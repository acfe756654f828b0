import { ChevronDown, Clock, ZoomOut } from 'lucide-react'
import { useState } from 'react'
import { create } from 'zustand'
import { useSearch } from '../app/router.ts'
import { Popover } from '../parts/popover.tsx'
import { parseTimeText } from './parse-time-text.ts'
import { describeChoice, describeRange, TIME_PRESETS, type TimeChoice } from './time-expression.ts'
import {
  chooseTime,
  chooseZone,
  rangeOf,
  type TimeState,
  timeStateOf,
  toggleLive,
  useTimeMemory,
  zoomOut,
} from './time-store.ts'

/** Open or not: the key `t` opens the panel from anywhere. */
export const useTimePanel = create<{ readonly isOpen: boolean }>(() => ({ isOpen: false }))

/** Range, zoom out and Live in one segmented control. */
export function TimeControl() {
  const state = timeStateOf(useSearch())
  const { nowMs } = useTimeMemory()
  const { isOpen } = useTimePanel()
  const range = rangeOf(state, nowMs)
  return (
    <div className="time-control segment">
      <Popover
        label="Time range"
        kind="dialog"
        panelClass="time-panel"
        triggerClass="time-button"
        isOpen={isOpen}
        onOpenChange={(open) => useTimePanel.setState({ isOpen: open })}
        trigger={
          <>
            <Clock className="icon" aria-hidden="true" />
            <span className="time-text">{describeChoice(state.choice)}</span>
            <span className="time-absolute">{describeRange(range, state.zone)}</span>
            <ChevronDown className="icon wide-only" aria-hidden="true" />
          </>
        }
      >
        {(close) => <TimePanel state={state} nowMs={nowMs} close={close} />}
      </Popover>
      <button type="button" aria-label="Zoom out" title="Zoom out (-)" onClick={zoomOut}>
        <ZoomOut className="icon" aria-hidden="true" />
      </button>
      <button
        type="button"
        className={state.isLive ? 'live-on' : ''}
        aria-pressed={state.isLive}
        title={state.isLive ? 'Pause (.)' : 'Follow the newest data (.)'}
        onClick={toggleLive}
      >
        {state.isLive && <span className="live-dot" aria-hidden="true" />}
        {state.isLive ? 'Live' : 'Paused'}
      </button>
    </div>
  )
}

interface TimePanelProps {
  readonly state: TimeState
  readonly nowMs: number
  readonly close: () => void
}

function TimePanel({ state, nowMs, close }: TimePanelProps) {
  const [text, setText] = useState('')
  const parsed = text.trim() === '' ? undefined : parseTimeText(text, nowMs, state.zone)
  const apply = (choice: TimeChoice) => {
    chooseTime(choice)
    close()
  }
  return (
    <>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (parsed !== undefined) apply(parsed)
        }}
      >
        <label className="field">
          <span className="visually-hidden">Time range as text</span>
          <input
            data-autofocus
            value={text}
            maxLength={4_096}
            placeholder="45m, yesterday 14:00 to 15:30, 1763733600"
            aria-describedby="time-reading"
            onChange={(event) => setText(event.target.value)}
          />
        </label>
        <p className="reading" id="time-reading" role="status">
          {readingOf(text, parsed, nowMs, state)}
        </p>
      </form>
      <div className="presets">
        {TIME_PRESETS.map(({ label, choice }) => (
          <button
            key={label}
            type="button"
            className="menu-item"
            aria-current={choice.from === state.choice.from && choice.to === state.choice.to}
            onClick={() => apply(choice)}
          >
            {label}
          </button>
        ))}
      </div>
      <label className="zone">
        Time zone
        <select className="zone-select" value={state.zone} onChange={(event) => chooseZone(event.target.value)}>
          <option value="browser">{`Browser (${Intl.DateTimeFormat().resolvedOptions().timeZone})`}</option>
          <option value="utc">UTC</option>
          {zoneNames(state.zone).map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
    </>
  )
}

/** Of the IANA database, with the chosen one, whatever its spelling. */
function zoneNames(chosen: string): readonly string[] {
  const names = Intl.supportedValuesOf('timeZone').filter((name) => name !== 'UTC')
  return chosen === 'browser' || chosen === 'utc' || names.includes(chosen) ? names : [chosen, ...names]
}

/** What the text means, said before it is applied. */
function readingOf(text: string, parsed: TimeChoice | undefined, nowMs: number, state: TimeState): string {
  if (text.trim() === '') return describeRange(rangeOf(state, nowMs), state.zone)
  if (parsed === undefined) return 'Not a time range yet'
  const range = rangeOf({ ...state, choice: parsed }, nowMs)
  return `${describeChoice(parsed)}: ${describeRange(range, state.zone)} (↵ applies)`
}
