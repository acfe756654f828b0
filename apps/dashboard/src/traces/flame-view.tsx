import { CHART_THEMES, formatMs, formatValue, PLAIN } from '@vantage/charts'
import {
  FLAME_ROW_PX,
  type FlameFrame,
  flameFrameAt,
  flameFrames,
  type MergedCall,
  mergedCalls,
  paintFlame,
  TextFitter,
} from '@vantage/charts/trace'
import { type KeyboardEvent, type MouseEvent, useEffect, useMemo, useRef, useState } from 'react'
import { useDeviceRatio } from '../app/device-ratio.ts'
import { usePreferences } from '../app/preferences.ts'
import { navigateSearch } from '../app/router.ts'
import { NumberHeads } from '../services/figures.tsx'
import type { TraceState } from './trace-url.ts'
import { counted, type TraceView, traceSummary } from './trace-view.ts'
import { useWidth } from './use-width.ts'

/** Calls that the table lists. */
const TABLE_ROWS_MAX = 500

interface FlameViewProps {
  readonly view: TraceView
  readonly state: TraceState
}

/** Where a call lies: places among its siblings, from the top. A text that the URL can hold. */
function pathOf(top: readonly MergedCall[], call: MergedCall): string {
  const steps: number[] = []
  for (let at: MergedCall | undefined = call; at !== undefined; at = at.parent) {
    steps.unshift((at.parent?.children ?? top).indexOf(at))
  }
  return steps.join('.')
}

function callAt(top: readonly MergedCall[], path: string | null): MergedCall | undefined {
  let calls = top
  let call: MergedCall | undefined
  for (const step of path?.split('.') ?? []) {
    call = calls[Number(step)]
    if (call === undefined) return undefined
    calls = call.children
  }
  return call
}

/** The trace as a flame graph: calls of the same way merged, widths stand for work. */
export function FlameView({ view, state }: FlameViewProps) {
  const top = useMemo(() => mergedCalls(view.tree), [view])
  const focus = callAt(top, state.focus)
  const [selected, setSelected] = useState<MergedCall | undefined>(undefined)
  const frames = useMemo(() => flameFrames(top, focus), [top, focus])
  const shown = selected ?? focus ?? top[0]
  const zoomTo = (call: MergedCall | undefined) =>
    navigateSearch({ focus: call === undefined || call === focus ? null : pathOf(top, call) })
  return (
    <section className="card flame" aria-label="Flame graph">
      <div className="card-head">
        <p className="flame-readout" role="status">
          {shown !== undefined && callText(shown)}
        </p>
        {focus !== undefined && (
          <button type="button" className="button small" onClick={() => zoomTo(undefined)}>
            Whole trace
          </button>
        )}
      </div>
      {state.isTable ? (
        <FlameTable frames={frames} />
      ) : (
        <FlameCanvas
          view={view}
          state={state}
          frames={frames}
          selected={shown}
          onSelect={setSelected}
          onZoom={zoomTo}
        />
      )}
      <p className="flame-note">
        Calls of one operation on the same way are one frame. Its width is the time of its own and of all below it;
        calls that ran at once count each.
      </p>
    </section>
  )
}

function callText({ service, name, count, totalMs, selfMs, errors }: MergedCall): string {
  const failed = errors === 0 ? '' : `, ${counted(errors, 'error')}`
  return `${service} ${name}: ${counted(count, 'call')}, ${formatMs(totalMs)} in all, ${formatMs(selfMs)} of its own${failed}`
}

interface FlameCanvasProps extends FlameViewProps {
  readonly frames: readonly FlameFrame[]
  readonly selected: MergedCall | undefined
  readonly onSelect: (call: MergedCall | undefined) => void
  readonly onZoom: (call: MergedCall | undefined) => void
}

function FlameCanvas({ view, state, frames, selected, onSelect, onZoom }: FlameCanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const host = useRef<HTMLDivElement>(null)
  const fitter = useRef(new TextFitter())
  const theme = usePreferences((one) => one.drawnTheme)
  const ratio = useDeviceRatio()
  const widthPx = useWidth(host)
  const levels = frames.reduce((most, { level }) => Math.max(most, level + 1), 1)
  const heightPx = levels * FLAME_ROW_PX
  // biome-ignore lint/correctness/useExhaustiveDependencies: the canvas asks the screen how sharp it is.
  useEffect(() => {
    const words = state.filter.toLowerCase().split(/\s+/).filter(Boolean)
    const paint = () => {
      if (canvas.current === null || widthPx === 0) return
      paintFlame(canvas.current, {
        frames,
        widthPx,
        heightPx,
        colourOf: (service) => view.slots[view.columns.services.indexOf(service)] ?? 0,
        selected,
        isWanted: ({ service, name }) => words.every((word) => `${service} ${name}`.toLowerCase().includes(word)),
        fitter: fitter.current,
        theme: CHART_THEMES[theme],
      })
    }
    paint()
    void document.fonts.ready.then(paint)
  }, [frames, widthPx, heightPx, selected, state.filter, theme, ratio, view])
  const hit = (event: MouseEvent<HTMLCanvasElement>) => {
    const box = event.currentTarget.getBoundingClientRect()
    return flameFrameAt(frames, widthPx, event.clientX - box.left, event.clientY - box.top)?.call
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter') onZoom(selected)
    else {
      const next = neighbour(frames, selected, event.key)
      if (next === undefined) return
      onSelect(next)
    }
    event.preventDefault()
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a group of what is drawn, not of form fields.
    <div
      className="flame-host"
      ref={host}
      role="group"
      aria-label="Calls: ↑ ↓ ← → move, Enter gives one the whole width"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: frames are walked through by keys.
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      <canvas
        ref={canvas}
        role="img"
        aria-label={traceSummary(view)}
        style={{ width: `${widthPx}px`, height: `${heightPx}px` }}
        onMouseMove={(event) => onSelect(hit(event))}
        onMouseLeave={() => onSelect(undefined)}
        onClick={(event) => onZoom(hit(event))}
      />
    </div>
  )
}

/** The call that an arrow leads to: ↑ what called it, ↓ the first that it calls, ← and → beside it. */
function neighbour(frames: readonly FlameFrame[], call: MergedCall | undefined, key: string): MergedCall | undefined {
  if (call === undefined) return key.startsWith('Arrow') ? frames[0]?.call : undefined
  if (key === 'ArrowUp') return call.parent
  if (key === 'ArrowDown') return call.children[0]
  if (key !== 'ArrowLeft' && key !== 'ArrowRight') return undefined
  const level = frames.find((one) => one.call === call)?.level
  const row = frames.filter((one) => one.level === level)
  return row[row.findIndex((one) => one.call === call) + (key === 'ArrowRight' ? 1 : -1)]?.call
}

function FlameTable({ frames }: { readonly frames: readonly FlameFrame[] }) {
  const rows = frames.slice(0, TABLE_ROWS_MAX)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key.
    <section className="table-scroll waterfall-table" tabIndex={0} aria-label="Flame graph as table">
      <table>
        <thead>
          <tr>
            <th scope="col">Operation</th>
            <th scope="col">Service</th>
            <NumberHeads names={['Level', 'Calls', 'In all', 'Own time', 'Errors']} />
          </tr>
        </thead>
        <tbody>
          {rows.map(({ call, level }, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: calls have no identity but their place; the list is replaced as a whole.
            <tr key={i}>
              <th scope="row">{call.name}</th>
              <td>{call.service}</td>
              <td className="number">{level + 1}</td>
              <td className="number">{formatValue(call.count, PLAIN)}</td>
              <td className="number">{formatMs(call.totalMs)}</td>
              <td className="number">{formatMs(call.selfMs)}</td>
              <td className="number">{formatValue(call.errors, PLAIN)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {frames.length > rows.length && (
        <p className="browser-note">
          The upper {rows.length} of {formatValue(frames.length, PLAIN)} calls; focus one for those below it.
        </p>
      )}
    </section>
  )
}
