import type { FoundTrace } from '@vantage/api/client'
import { CHART_THEMES, formatMs, type Zone } from '@vantage/charts'
import {
  paintScatter,
  type ScatterBox,
  type ScatterPoint,
  type ScatterScale,
  scatterAt,
  scatterScale,
  scatterX,
  scatterY,
} from '@vantage/charts/trace'
import { useEffect, useId, useMemo, useRef } from 'react'
import { useDeviceRatio } from '../app/device-ratio.ts'
import { usePreferences } from '../app/preferences.ts'
import { useNavigate } from '../app/router.ts'
import type { SteppedRange } from '../explore/range-steps.ts'
import { frameOf, useBoxDrag } from '../parts/box-drag.ts'
import { isWithin, type Region, regionText, startMsOf } from './region.ts'
import { RegionForm } from './region-form.tsx'
import { counted } from './trace-view.ts'
import { useWidth } from './use-width.ts'

const HEIGHT_PX = 190

interface ScatterCardProps {
  readonly traces: readonly FoundTrace[]
  /** There are more than these. */
  readonly isCut: boolean
  readonly region: Region | undefined
  readonly range: SteppedRange
  readonly zone: Zone
}

/** How long traces took, over time; what is dragged over is what the list shows and what is explained. */
export function ScatterCard({ traces, isCut, region, range, zone }: ScatterCardProps) {
  const navigate = useNavigate()
  const titleId = useId()
  const host = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const theme = usePreferences((one) => one.drawnTheme)
  const ratio = useDeviceRatio()
  const widthPx = useWidth(host)
  const points = useMemo(() => traces.map(pointOf), [traces])
  const { startMs, endMs } = range
  const scale = useMemo(() => scatterScale(points, startMs, endMs), [points, startMs, endMs])
  const box = { widthPx, heightPx: HEIGHT_PX }
  // biome-ignore lint/correctness/useExhaustiveDependencies: the canvas asks the screen how sharp it is.
  useEffect(() => {
    const paint = () => {
      if (canvas.current === null || widthPx === 0) return
      const isWanted = (point: ScatterPoint) => region === undefined || isWithin(region, point.atMs, point.tookMs)
      const picture = { points, scale, isWanted, zone, theme: CHART_THEMES[theme], widthPx, heightPx: HEIGHT_PX }
      paintScatter(canvas.current, picture)
    }
    paint()
    void document.fonts.ready.then(paint)
  }, [points, scale, region, zone, theme, ratio, widthPx])
  const { frame, handlers } = useBoxDrag((from, to) => {
    const [a, b] = [scatterAt(scale, box, ...from), scatterAt(scale, box, ...to)]
    const dragged = {
      startMs: Math.min(a.atMs, b.atMs),
      endMs: Math.max(a.atMs, b.atMs),
      fromMs: Math.min(a.tookMs, b.tookMs),
      toMs: Math.max(a.tookMs, b.tookMs),
    }
    navigate({ region: regionText(dragged) })
  })
  const shown = frame ?? (region && regionFrame(region, scale, box))
  return (
    <section className="card scatter" aria-labelledby={titleId}>
      <div className="card-head">
        <h2 id={titleId}>Durations</h2>
        <span className="aside">{isCut && `of the newest ${traces.length}; `}drag over some to explain them</span>
        <RegionForm region={region} range={range} zone={zone} highMs={scale.highMs} />
      </div>
      <div className="scatter-host" ref={host} {...handlers}>
        <canvas
          ref={canvas}
          role="img"
          aria-label={summaryOf(points)}
          style={{ width: `${widthPx}px`, height: `${HEIGHT_PX}px` }}
        />
        {shown !== undefined && widthPx > 0 && <span className="scatter-region" style={shown} />}
      </div>
    </section>
  )
}

function pointOf(trace: FoundTrace): ScatterPoint {
  return {
    atMs: startMsOf(trace),
    tookMs: trace.durationMs,
    isFailed: trace.services.some(({ errors }) => errors > 0),
  }
}

/** What of a region is within the axes. */
function regionFrame(region: Region, scale: ScatterScale, box: ScatterBox) {
  const within = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value))
  const x = (ms: number) => scatterX(scale, box, within(ms, scale.startMs, scale.endMs))
  const y = (ms: number) => scatterY(scale, box, within(ms, scale.lowMs, scale.highMs))
  return frameOf([x(region.startMs), y(region.toMs)], [x(region.endMs), y(region.fromMs)])
}

function summaryOf(points: readonly ScatterPoint[]): string {
  if (points.length === 0) return 'No traces.'
  const took = points.map(({ tookMs }) => tookMs).sort((a, b) => a - b)
  const failed = points.filter(({ isFailed }) => isFailed).length
  return (
    `${counted(points.length, 'trace')} from ${formatMs(took[0] as number)} to ${formatMs(took.at(-1) as number)}, ` +
    `half of them below ${formatMs(took[Math.floor(took.length / 2)] as number)}, ${failed} with errors. The list below has them all.`
  )
}
