import type { QueryAnswer } from '@vantage/api/client'
import { formatInstant, formatValue, PLAIN, type Zone } from '@vantage/charts'
import { useMemo } from 'react'
import type { SteppedRange } from '../explore/range-steps.ts'
import { zoomTo } from '../time/time-store.ts'
import { stackVolume, type VolumeBar } from './volume-model.ts'

interface VolumeChartProps {
  readonly answer: QueryAnswer | undefined
  /** That was asked for. */
  readonly range: SteppedRange
  readonly zone: Zone
}

/** Bars of lines over time, the most severe level at the bottom. A bar is a button that zooms into its step. */
export function VolumeChart({ answer, range, zone }: VolumeChartProps) {
  const { startMs, endMs, stepMs } = range
  const volume = useMemo(() => stackVolume(answer, { startMs, endMs, stepMs }), [answer, startMs, endMs, stepMs])
  if (volume.bars.length === 0) return <p className="log-volume-empty">No lines in this time.</p>
  return (
    <div className="volume-chart">
      <div className="volume-top">{formatValue(volume.max, PLAIN)}</div>
      <ol className="volume-bars" aria-label="Lines over time; each bar zooms into its time">
        {volume.bars.map((bar) => (
          <Bar key={bar.endMs} bar={bar} max={volume.max} zone={zone} />
        ))}
      </ol>
      <div className="volume-axis">
        <span>{formatInstant(startMs, zone).slice(5, 19)}</span>
        <span>{formatInstant(endMs, zone).slice(5, 19)}</span>
      </div>
      <ul className="volume-legend">
        {volume.totals.map(({ level, count }) => (
          <li key={level} data-level={level}>
            {level} {formatValue(count, PLAIN)}
          </li>
        ))}
      </ul>
    </div>
  )
}

function Bar({ bar, max, zone }: { readonly bar: VolumeBar; readonly max: number; readonly zone: Zone }) {
  const label = `${formatInstant(bar.startMs, zone).slice(5, 19)}: ${formatValue(bar.total, PLAIN)} lines`
  return (
    <li>
      <button type="button" title={label} aria-label={label} onClick={() => zoomTo(bar.startMs, bar.endMs)}>
        {bar.parts.map(({ level, count }) => (
          <span key={level} data-level={level} style={{ height: `${(count / max) * 100}%` }} />
        ))}
      </button>
    </li>
  )
}
