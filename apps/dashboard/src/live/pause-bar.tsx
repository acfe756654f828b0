import { formatInstant } from '@vantage/charts'
import { useEffect, useState } from 'react'
import { type LiveView, SCRUB_MAX_MS } from './use-live.ts'

interface PauseBarProps {
  readonly view: LiveView
  readonly atMs: number
  readonly onScrub: (atMs: number) => void
  readonly onResume: () => void
}

/** Shown while frozen: what has come since, the way back through the buffer, and Resume. */
export function PauseBar({ view, atMs, onScrub, onResume }: PauseBarProps) {
  const [fresh, setFresh] = useState(0)
  useEffect(() => {
    const look = () => setFresh(view.session.samplesTaken - view.takenAtFreeze)
    look()
    const timer = setInterval(look, 1_000)
    return () => clearInterval(timer)
  }, [view])
  const nowMs = view.session.nowMs()
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
          onChange={(event) => onScrub(view.session.nowMs() + Number(event.target.value) * 1000)}
        />
      </label>
      <span className="scrub-time">{formatInstant(Math.floor(atMs / 1000) * 1000, 'browser').slice(11)}</span>
      <button type="button" className="button primary small" onClick={onResume}>
        Resume
      </button>
    </div>
  )
}
