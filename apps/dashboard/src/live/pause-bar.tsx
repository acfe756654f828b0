import { formatInstant } from '@vantage/charts'
import { useSyncExternalStore } from 'react'
import { useZone } from '../time/pane-time.ts'
import type { LiveSession } from './live-session.ts'

/** How far one may scrub back, ms; as much as is kept. */
const SCRUB_MAX_MS = 300_000

interface PauseBarProps {
  readonly session: LiveSession
  readonly atMs: number
  readonly onScrub: (atMs: number) => void
  readonly onResume: () => void
}

/** Shown while frozen: what has come since, the way back through the buffer, and Resume. */
export function PauseBar({ session, atMs, onScrub, onResume }: PauseBarProps) {
  const { fresh } = useSyncExternalStore(session.subscribeFigures, session.figures)
  const zone = useZone()
  const nowMs = session.nowMs()
  const backS = Math.min(SCRUB_MAX_MS, Math.max(0, nowMs - atMs)) / 1000
  return (
    <div className="pause-bar">
      <span>
        Paused · {fresh.toLocaleString('en')} new <span className="wide-only">samples</span>
      </span>
      <label className="scrub">
        <span className="visually-hidden">Scrub back</span>
        <input
          type="range"
          min={-SCRUB_MAX_MS / 1000}
          max={0}
          step={0.5}
          value={-backS}
          aria-valuetext={`${Math.round(backS)} seconds back`}
          onChange={(event) => onScrub(session.nowMs() + Number(event.target.value) * 1000)}
        />
      </label>
      <span className="scrub-time">{formatInstant(Math.floor(atMs / 1000) * 1000, zone).slice(11)}</span>
      <button type="button" className="button primary small" onClick={onResume}>
        Resume
      </button>
    </div>
  )
}
