import { ChevronDown, Clock, ZoomOut } from 'lucide-react'
import { useId, useState } from 'react'
import { create } from 'zustand'
import { client } from '../app/client.ts'
import { usePath, useSearch } from '../app/router.ts'
import { useAsked } from '../explore/use-asked.ts'
import { Popover } from '../parts/popover.tsx'
import { DEPLOY_EVENTS_MAX, DEPLOY_LOOKBACK_MS, deployPreset, serviceOnScreen } from './deploy-preset.ts'
import { pageNowMs } from './page-clock.ts'
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
        <SinceDeploy state={state} apply={apply} />
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

interface SinceDeployProps {
  readonly state: TimeState
  readonly apply: (choice: TimeChoice) => void
}

/** The preset that begins with the last deploy: of the service on screen, where there is one. */
function SinceDeploy({ state, apply }: SinceDeployProps) {
  const reasonId = useId()
  const service = serviceOnScreen(usePath(), useSearch())
  const [nowMs] = useState(pageNowMs)
  const range = { startMs: nowMs - DEPLOY_LOOKBACK_MS, endMs: nowMs }
  const asked = useAsked(JSON.stringify([service, nowMs]), (signal) =>
    client.events(range, service, DEPLOY_EVENTS_MAX, signal),
  )
  const preset = deployPreset(asked.answer, asked.fault?.message, service)
  const label = 'Since last deploy'
  if (preset.choice !== undefined) {
    const { choice, title } = preset
    const isCurrent = choice.from === state.choice.from && choice.to === state.choice.to
    return (
      <button type="button" className="menu-item" title={title} aria-current={isCurrent} onClick={() => apply(choice)}>
        {label}
      </button>
    )
  }
  return (
    <>
      <button
        type="button"
        className="menu-item"
        aria-disabled="true"
        aria-describedby={reasonId}
        title={preset.reason}
      >
        {label}
      </button>
      <span id={reasonId} hidden={true}>
        {preset.reason}
      </span>
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
