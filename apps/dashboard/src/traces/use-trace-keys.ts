import {
  canFold,
  nextError,
  revealing,
  type WaterfallView as WaterfallFolds,
  type WaterfallRow,
} from '@vantage/charts/trace'
import { spanIdAt } from '@vantage/model'
import { useEffect, useMemo, useRef } from 'react'
import { navigateSearch } from '../app/router.ts'
import type { Shortcut } from '../app/shortcuts.ts'
import { useShortcuts } from '../app/use-shortcuts.ts'
import { closeSpan, type TraceState, toggledParam, withToggled, zoomed } from './trace-url.ts'
import type { TraceView } from './trace-view.ts'

export interface TraceKeysProps {
  readonly view: TraceView
  readonly state: TraceState
  readonly rows: readonly WaterfallRow[]
  readonly base: WaterfallFolds
  /** Place of the selected row, -1 without. */
  readonly at: number
}

/** Keys of rows that are no groups. */
const SPAN_KEY = /^[0-9a-f]{16}$/
const QUIETLY = { replace: true } as const

/** Selects the row some places further, the first or the last at the ends. */
export function selectRow(rows: readonly WaterfallRow[], at: number): void {
  const row = rows[Math.min(rows.length - 1, Math.max(0, at))]
  if (row !== undefined) navigateSearch({ span: row.key }, QUIETLY)
}

/** Selects a span, with what is above it unfolded. */
function selectSpan({ view, base }: Pick<TraceKeysProps, 'view' | 'base'>, place: number): void {
  const toggled = revealing(view.tree, base, place)
  navigateSearch({ span: spanIdAt(view.columns, place), ...toggledParam(toggled) }, QUIETLY)
}

/** A link may lead to a span below what is folded: it is unfolded once; what is folded later stays so. */
export function useRevealed({ view, state, base, at }: Omit<TraceKeysProps, 'rows'>): void {
  const { selected } = state
  // biome-ignore lint/correctness/useExhaustiveDependencies: folds alone reveal nothing.
  useEffect(() => {
    if (at >= 0 || !SPAN_KEY.test(selected)) return
    for (let place = 0; place < view.columns.count; place++) {
      if (spanIdAt(view.columns, place) === selected) return selectSpan({ view, base }, place)
    }
  }, [view, selected])
}

export function toggleRow(state: TraceState, row: WaterfallRow): void {
  if (row.kind !== 'missing') navigateSearch(toggledParam(withToggled(state.toggled, row.key)), QUIETLY)
}

/** The row that a row hangs on. */
function rowAbove(rows: readonly WaterfallRow[], at: number): number | undefined {
  const depth = rows[at]?.depth ?? 0
  for (let i = at - 1; i >= 0; i--) if ((rows[i] as WaterfallRow).depth < depth) return i
  return undefined
}

/** → unfolds or goes down, ← folds or goes up. */
export function unfoldOrGo({ view, state, rows, at }: Omit<TraceKeysProps, 'base'>, isRight: boolean): void {
  const row = rows[at]
  if (row === undefined) selectRow(rows, 0)
  else if (canFold(view.tree, row) && row.isOpen !== isRight) toggleRow(state, row)
  else if (!isRight) selectRow(rows, rowAbove(rows, at) ?? at)
  else if (row.isOpen) selectRow(rows, at + 1)
}

/** Keys of a trace; they say what they do in the list of shortcuts. */
export function useTraceKeys(props: TraceKeysProps): void {
  const latest = useRef(props)
  latest.current = props
  const shortcuts = useMemo<readonly Shortcut[]>(() => {
    const step = (by: 1 | -1) => () => selectRow(latest.current.rows, latest.current.at + by)
    const error = (by: 1 | -1) => () => {
      const { view, rows, at } = latest.current
      const row = rows[at]
      const from = row === undefined ? undefined : row.kind === 'span' ? row.place : row.places[0]
      const place = nextError(view.tree, from, by)
      if (place !== undefined) selectSpan(latest.current, place)
    }
    return [
      { keys: 'j', label: 'Next span', run: step(1) },
      { keys: 'k', label: 'Previous span', run: step(-1) },
      { keys: 'n', label: 'Next failed span', run: error(1) },
      { keys: 'shift+n', label: 'Previous failed span', run: error(-1) },
      { keys: 'u', label: 'Up to the parent', run: () => goUp(latest.current) },
      { keys: 'v', label: 'Critical path', run: () => toggleCriticalPath(latest.current.state) },
      { keys: '0', label: 'Whole trace', run: () => navigateSearch({ zoom: null }) },
      { keys: '+', label: 'Zoom in', run: () => zoomBy(latest.current, 0.5) },
      { keys: '-', label: 'Zoom out', run: () => zoomBy(latest.current, 2) },
      { keys: 'shift+t', label: 'Chart as table', run: () => toggleTable(latest.current.state) },
      { keys: '/', label: 'Focus the filter', run: () => document.getElementById('trace-filter')?.focus() },
      { keys: 'Escape', label: 'Close the span', run: closeSpan },
    ]
  }, [])
  useShortcuts(shortcuts)
}

function goUp({ rows, at }: TraceKeysProps): void {
  const above = rowAbove(rows, at)
  if (above !== undefined) selectRow(rows, above)
}

export function toggleCriticalPath(state: TraceState): void {
  navigateSearch({ path: state.hasCriticalPath ? null : '1' }, QUIETLY)
}

function toggleTable(state: TraceState): void {
  navigateSearch({ table: state.isTable ? null : '1' }, QUIETLY)
}

/** Around the selected span, else around the middle. */
function zoomBy({ view, state, rows, at }: TraceKeysProps, factor: number): void {
  const { durationMs } = view.tree
  const shown = state.zoom ?? { fromMs: 0, toMs: durationMs }
  const row = rows[at]
  const place = row?.kind === 'span' ? row.place : undefined
  const middleMs =
    place === undefined
      ? (shown.fromMs + shown.toMs) / 2
      : (view.columns.startMs[place] as number) + (view.columns.durationMs[place] as number) / 2
  navigateSearch({ zoom: zoomed(shown, middleMs, factor, durationMs) })
}
