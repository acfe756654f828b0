import { formatInstant, type Zone } from '@vantage/charts'
import type { TimeRange } from '@vantage/model'
import { changeMap } from './change-map.ts'
import { MOMENTS } from './moment.ts'

interface ScrubberProps {
  readonly moment: number | undefined
  /** The part that is shown. */
  readonly shown: TimeRange
  readonly zone: Zone
}

/** The map of one part of the time after the other: how a fault spread. */
export function Scrubber({ moment, shown, zone }: ScrubberProps) {
  const time = (ms: number) => formatInstant(ms, zone).slice(11, 19)
  const text = moment === undefined ? 'whole time' : `${time(shown.startMs)} – ${time(shown.endMs)}`
  return (
    <label className="map-scrub">
      <span>Moment</span>
      <input
        type="range"
        min={0}
        max={MOMENTS}
        step={1}
        value={moment ?? 0}
        aria-valuetext={text}
        onChange={(event) => {
          const at = event.target.valueAsNumber
          changeMap({ moment: at === 0 ? undefined : at }, { replace: true })
        }}
      />
      <output>{text}</output>
    </label>
  )
}
