import { formatInstant, formatMs, type Zone } from '@vantage/charts'
import type { TimeRange } from '@vantage/model'
import { X } from 'lucide-react'
import type { FormEvent } from 'react'
import { useNavigate } from '../app/router.ts'
import { LONGEST_MS, type Region, regionText } from './region.ts'

interface RegionFormProps {
  readonly region: Region | undefined
  readonly range: TimeRange
  readonly zone: Zone
  readonly highMs: number
}

/** A region by keys: durations of the whole time; and what is selected, with the way to select nothing. */
export function RegionForm({ region, range, zone, highMs }: RegionFormProps) {
  const navigate = useNavigate()
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const fromMs = Number(new FormData(event.currentTarget).get('longer'))
    if (!Number.isFinite(fromMs) || fromMs < 0 || fromMs >= highMs) return
    navigate({ region: regionText({ startMs: range.startMs, endMs: range.endMs, fromMs, toMs: highMs }) })
  }
  if (region !== undefined) {
    const time = (ms: number) => formatInstant(ms, zone).slice(11, 19)
    return (
      <button
        type="button"
        className="button small scatter-chosen"
        title="Select nothing (Esc)"
        onClick={() => navigate({ region: null })}
      >
        <X className="icon" aria-hidden="true" />
        {durationText(region)}, {time(region.startMs)} – {time(region.endMs)}
      </button>
    )
  }
  return (
    <form className="scatter-form" onSubmit={submit}>
      <label>
        Longer than{' '}
        <span className="field">
          <input name="longer" inputMode="decimal" autoComplete="off" placeholder="500" />
        </span>{' '}
        ms
      </label>
      <button type="submit" className="button small">
        Explain
      </button>
    </form>
  )
}

function durationText({ fromMs, toMs }: Region): string {
  return toMs >= LONGEST_MS ? `longer than ${formatMs(fromMs)}` : `${formatMs(fromMs)} – ${formatMs(toMs)}`
}
