import { CHART_THEMES, type Zone } from '@vantage/charts'
import {
  AXIS_PX,
  canFold,
  ROW_PX,
  rowAt,
  type WaterfallFrame,
  WaterfallPainter,
  type WaterfallRow,
} from '@vantage/charts/trace'
import {
  type KeyboardEvent,
  type MouseEvent,
  type PointerEvent,
  type RefObject,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
} from 'react'
import { useDeviceRatio } from '../app/device-ratio.ts'
import { usePreferences } from '../app/preferences.ts'
import { navigateSearch } from '../app/router.ts'
import { Minimap } from './minimap.tsx'
import { NamesResizer } from './names-resizer.tsx'
import type { TraceState } from './trace-url.ts'
import { rowText, type TraceView, traceSummary } from './trace-view.ts'
import { selectRow, toggleRow, unfoldOrGo } from './use-trace-keys.ts'
import { useWidth } from './use-width.ts'
import { WaterfallTable } from './waterfall-table.tsx'

interface WaterfallViewProps {
  readonly view: TraceView
  readonly state: TraceState
  readonly rows: readonly WaterfallRow[]
  /** Place of the selected row, -1 without. */
  readonly at: number
  readonly matches: Uint8Array | undefined
  readonly zone: Zone
}

/** Names share this much of the width at most, however wide they are wished. */
const NAMES_SHARE_MAX = 0.62
const NAMES_SHARE = 0.36
const NAMES_SHARE_NARROW = 0.46
const NARROW_PX = 560

function namesWidth(widthPx: number, wishedPx: number | undefined): number {
  const own = widthPx * (widthPx < NARROW_PX ? NAMES_SHARE_NARROW : NAMES_SHARE)
  return Math.round(Math.min(wishedPx ?? own, widthPx * NAMES_SHARE_MAX))
}

/** The waterfall of a trace: a canvas that draws the rows on screen, over a list that is as long as the trace. */
export function WaterfallView(props: WaterfallViewProps) {
  const { view, state, rows, matches } = props
  const host = useRef<HTMLElement>(null)
  const widthPx = useWidth(host)
  const namesPx = namesWidth(widthPx, state.namesPx)
  return (
    <section className="card waterfall" aria-label="Waterfall" ref={host}>
      <Minimap view={view} zoom={state.zoom} namesPx={namesPx} widthPx={widthPx} />
      {state.isTable ? (
        <WaterfallTable view={view} rows={rows} />
      ) : (
        <div className="waterfall-stage">
          <Scroller {...props} namesPx={namesPx} widthPx={widthPx} />
          <NamesResizer namesPx={namesPx} widthPx={widthPx} />
        </div>
      )}
      {rows.length === 0 && (
        <p className="waterfall-none">
          {matches === undefined ? 'This trace has no spans.' : 'No span matches the filter.'}
        </p>
      )}
    </section>
  )
}

interface ScrollerProps extends WaterfallViewProps {
  readonly namesPx: number
  readonly widthPx: number
}

function Scroller(props: ScrollerProps) {
  const { view, state, rows, at, widthPx, namesPx } = props
  const scroller = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const { hover, request } = usePainting(scroller, canvas, props)
  useSelectedInView(scroller, at)
  const summary = useMemo(() => traceSummary(view), [view])
  const hit = (event: MouseEvent) => {
    const box = (canvas.current as HTMLCanvasElement).getBoundingClientRect()
    const scrollPx = scroller.current?.scrollTop ?? 0
    return rowAt({ rows, scrollPx, namesPx }, event.clientX - box.left, event.clientY - box.top)
  }
  const onPointerMove = (event: PointerEvent<HTMLCanvasElement>) => {
    const row = hit(event)?.row
    if (row === hover.current) return
    hover.current = row
    event.currentTarget.title = row === undefined ? '' : rowText(view, rows[row] as WaterfallRow)
    request()
  }
  const onClick = (event: MouseEvent) => {
    const found = hit(event)
    const row = found === undefined ? undefined : rows[found.row]
    if (row === undefined || found === undefined) return
    if (found.isFold && canFold(view.tree, row)) toggleRow(state, row)
    else navigateSearch({ span: found.row === at ? null : row.key }, { replace: true })
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a group of what is drawn, not of form fields.
    <div
      className="waterfall-scroll"
      ref={scroller}
      role="group"
      aria-label="Spans: ↑ ↓ move, → unfolds, ← folds"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: rows are walked through by keys.
      tabIndex={0}
      onScroll={request}
      onKeyDown={(event) => moveByKey(event, props, scroller)}
    >
      <div style={{ height: `${AXIS_PX + rows.length * ROW_PX}px` }}>
        <canvas
          ref={canvas}
          role="img"
          aria-label={summary}
          style={{ width: `${widthPx}px` }}
          onPointerMove={onPointerMove}
          onPointerLeave={() => {
            hover.current = undefined
            request()
          }}
          onClick={onClick}
        />
      </div>
      <p className="visually-hidden" role="status">
        {at >= 0 ? rowText(view, rows[at] as WaterfallRow) : ''}
      </p>
    </div>
  )
}

/** Draws on the next frame whenever something of the picture has changed. */
function usePainting(
  scroller: RefObject<HTMLDivElement | null>,
  canvas: RefObject<HTMLCanvasElement | null>,
  { view, state, rows, at, matches, widthPx, namesPx }: ScrollerProps,
): { readonly hover: RefObject<number | undefined>; readonly request: () => void } {
  const theme = usePreferences((one) => one.drawnTheme)
  // Another one draws anew, as everything does.
  useDeviceRatio()
  const hover = useRef<number | undefined>(undefined)
  const painter = useRef<WaterfallPainter>(undefined)
  const paint = useRef<() => void>(() => {})
  const frameId = useRef(0)
  const request = useCallback(() => {
    cancelAnimationFrame(frameId.current)
    frameId.current = requestAnimationFrame(() => paint.current())
  }, [])
  useLayoutEffect(() => {
    paint.current = () => {
      const element = canvas.current
      const box = scroller.current
      if (element === null || box === null || widthPx === 0) return
      painter.current ??= new WaterfallPainter(element)
      const heightPx = box.clientHeight
      element.style.height = `${heightPx}px`
      const frame: WaterfallFrame = {
        tree: view.tree,
        rows,
        widthPx,
        heightPx,
        namesPx,
        scrollPx: box.scrollTop,
        fromMs: state.zoom?.fromMs ?? 0,
        toMs: state.zoom?.toMs ?? view.tree.durationMs,
        selected: at < 0 ? undefined : at,
        hovered: hover.current,
        matches,
        critical: state.hasCriticalPath ? view.critical : undefined,
        slots: view.slots,
        theme: CHART_THEMES[theme],
      }
      painter.current.paint(frame)
    }
    request()
  })
  useEffect(() => {
    const watcher = new ResizeObserver(request)
    watcher.observe(scroller.current as HTMLDivElement)
    void document.fonts.ready.then(request)
    return () => {
      watcher.disconnect()
      cancelAnimationFrame(frameId.current)
    }
  }, [scroller, request])
  return { hover, request }
}

/** Scrolls as far as needed, and only when another row is selected. */
function useSelectedInView(scroller: RefObject<HTMLDivElement | null>, at: number): void {
  useLayoutEffect(() => {
    const box = scroller.current
    if (box === null || at < 0) return
    const top = at * ROW_PX
    const room = box.clientHeight - AXIS_PX
    if (top < box.scrollTop) box.scrollTop = Math.max(0, top - ROW_PX)
    else if (top + ROW_PX > box.scrollTop + room) box.scrollTop = top + ROW_PX * 2 - room
  }, [scroller, at])
}

function moveByKey(event: KeyboardEvent, props: ScrollerProps, scroller: RefObject<HTMLDivElement | null>): void {
  const { rows, at } = props
  const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / ROW_PX) - 2)
  const to: Readonly<Record<string, number>> = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    PageDown: at + page,
    PageUp: at - page,
    Home: 0,
    End: rows.length - 1,
  }
  const wanted = to[event.key]
  if (event.altKey || event.ctrlKey || event.metaKey) return
  if (wanted !== undefined) selectRow(rows, wanted)
  else if (event.key === 'ArrowRight' || event.key === 'ArrowLeft') {
    unfoldOrGo(props, event.key === 'ArrowRight')
  } else return
  event.preventDefault()
}
