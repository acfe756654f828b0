import { CHART_THEMES, formatMs } from '@vantage/charts'
import { paintMinimap } from '@vantage/charts/trace'
import { X } from 'lucide-react'
import { type PointerEvent, useEffect, useRef, useState } from 'react'
import { useDeviceRatio } from '../app/device-ratio.ts'
import { usePreferences } from '../app/preferences.ts'
import { navigateSearch } from '../app/router.ts'
import { type TraceState, zoomText } from './trace-url.ts'
import { type TraceView, traceSummary } from './trace-view.ts'

const HEIGHT_PX = 48
const PAD_PX = 12
/** A shorter drag is a click, which does nothing. */
const DRAG_MIN_PX = 4

interface MinimapProps {
  readonly view: TraceView
  readonly zoom: TraceState['zoom']
  readonly namesPx: number
  readonly widthPx: number
}

interface Drag {
  readonly fromPx: number
  readonly toPx: number
}

/** All spans of the trace in one strip; what is dragged over is what the waterfall shows. */
export function Minimap({ view, zoom, namesPx, widthPx }: MinimapProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const theme = usePreferences((one) => one.drawnTheme)
  const ratio = useDeviceRatio()
  const [drag, setDrag] = useState<Drag | undefined>(undefined)
  const { durationMs } = view.tree
  const mapPx = Math.max(0, widthPx - namesPx - PAD_PX)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the canvas asks the screen how sharp it is.
  useEffect(() => {
    if (canvas.current === null || mapPx === 0) return
    const frame = {
      tree: view.tree,
      widthPx: mapPx,
      heightPx: HEIGHT_PX,
      slots: view.slots,
      theme: CHART_THEMES[theme],
    }
    paintMinimap(canvas.current, frame)
  }, [view, mapPx, theme, ratio])
  const placeOf = (event: PointerEvent<HTMLElement>) =>
    Math.min(mapPx, Math.max(0, event.clientX - event.currentTarget.getBoundingClientRect().left))
  // Where the pointer is now: the last move may not be drawn yet, and `drag` is what was drawn.
  const end = (event: PointerEvent<HTMLElement>) => {
    setDrag(undefined)
    const toPx = placeOf(event)
    if (drag === undefined || Math.abs(toPx - drag.fromPx) < DRAG_MIN_PX) return
    const [from, to] = [Math.min(drag.fromPx, toPx), Math.max(drag.fromPx, toPx)]
    navigateSearch({ zoom: zoomText((from / mapPx) * durationMs, (to / mapPx) * durationMs, durationMs) })
  }
  const shown = drag === undefined ? zoom : { fromMs: 0, toMs: 0 }
  return (
    <div className="minimap">
      <div className="minimap-text" style={{ width: `${namesPx}px` }}>
        {zoom === undefined ? (
          <span>Drag to zoom</span>
        ) : (
          <button
            type="button"
            className="button small"
            title="Whole trace (0)"
            onClick={() => navigateSearch({ zoom: null })}
          >
            <X className="icon" aria-hidden="true" />
            {formatMs(zoom.fromMs)} – {formatMs(zoom.toMs)}
          </button>
        )}
      </div>
      <div
        className="minimap-strip"
        style={{ width: `${mapPx}px` }}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId)
          setDrag({ fromPx: placeOf(event), toPx: placeOf(event) })
        }}
        onPointerMove={(event) => drag !== undefined && setDrag({ ...drag, toPx: placeOf(event) })}
        onPointerUp={end}
        onPointerCancel={() => setDrag(undefined)}
      >
        <canvas
          ref={canvas}
          role="img"
          aria-label={`${traceSummary(view)} + and - zoom, 0 shows all.`}
          style={{ width: `${mapPx}px`, height: `${HEIGHT_PX}px` }}
        />
        {shown !== undefined && drag === undefined && (
          <>
            <span className="minimap-shade" style={{ left: 0, width: `${(shown.fromMs / durationMs) * 100}%` }} />
            <span className="minimap-shade" style={{ right: 0, width: `${(1 - shown.toMs / durationMs) * 100}%` }} />
          </>
        )}
        {drag !== undefined && (
          <span
            className="minimap-drag"
            style={{ left: `${Math.min(drag.fromPx, drag.toPx)}px`, width: `${Math.abs(drag.toPx - drag.fromPx)}px` }}
          />
        )}
      </div>
    </div>
  )
}
