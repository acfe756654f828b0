import type { QueryAnswer } from '@vantage/api/client'
import { formatInstant, formatValue, PLAIN, type Zone } from '@vantage/charts'
import { memo, type RefObject, useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { SteppedRange } from '../explore/range-steps.ts'
import { usePaneZoom } from '../time/pane-time.ts'
import { barsIn, stackVolume, type Volume, type VolumeBar } from './volume-model.ts'

interface VolumeChartProps {
  readonly answer: QueryAnswer | undefined
  /** That was asked for. */
  readonly range: SteppedRange
  readonly zone: Zone
}

/** Bars of lines over time, the most severe level at the bottom. A bar is a button that zooms into its step. */
export function VolumeChart({ answer, range, zone }: VolumeChartProps) {
  const { startMs, endMs, stepMs } = range
  const host = useRef<HTMLDivElement>(null)
  const barsMax = useBarsMax(host)
  const volume = useMemo(
    () => stackVolume(answer, { startMs, endMs, stepMs }, barsMax),
    [answer, startMs, endMs, stepMs, barsMax],
  )
  return (
    <div className="volume-chart" ref={host}>
      {volume.bars.length === 0 ? (
        <p className="log-volume-empty">{answer !== undefined && 'No lines in this time.'}</p>
      ) : (
        <Bars volume={volume} range={range} zone={zone} />
      )}
    </div>
  )
}

function useBarsMax(host: RefObject<HTMLDivElement | null>): number {
  const [barsMax, setBarsMax] = useState(barsIn(0))
  useLayoutEffect(() => {
    const element = host.current as HTMLDivElement
    const measure = () => setBarsMax(barsIn(element.clientWidth))
    measure()
    const watcher = new ResizeObserver(measure)
    watcher.observe(element)
    return () => watcher.disconnect()
  }, [host])
  return barsMax
}

type BarsProps = Pick<VolumeChartProps, 'range' | 'zone'> & { readonly volume: Volume }

function Bars({ volume, range: { startMs, endMs }, zone }: BarsProps) {
  const zoom = usePaneZoom()
  return (
    <>
      <div className="volume-top">{formatValue(volume.max, PLAIN)}</div>
      <ol className="volume-bars" aria-label="Lines over time; each bar zooms into its time">
        {volume.bars.map((bar) => (
          <Bar key={bar.endMs} bar={bar} max={volume.max} zone={zone} zoom={zoom} />
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
    </>
  )
}

interface BarProps {
  readonly bar: VolumeBar
  readonly max: number
  readonly zone: Zone
  readonly zoom: ReturnType<typeof usePaneZoom>
}

const Bar = memo(function Bar({ bar, max, zone, zoom }: BarProps) {
  const label = `${formatInstant(bar.startMs, zone).slice(5, 19)}: ${formatValue(bar.total, PLAIN)} ${bar.total === 1 ? 'line' : 'lines'}`
  return (
    <li>
      <button type="button" title={label} aria-label={label} onClick={() => zoom(bar.startMs, bar.endMs)}>
        {bar.parts.map(({ level, count }) => (
          <span key={level} data-level={level} style={{ height: `${(count / max) * 100}%` }} />
        ))}
      </button>
    </li>
  )
})
