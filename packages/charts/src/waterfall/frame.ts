import type { TextFitter } from '../canvas-text.ts'
import type { ChartTheme } from '../palette.ts'
import type { CriticalSegment } from '../trace/critical-path.ts'
import type { SpanTree } from '../trace/span-tree.ts'
import type { WaterfallRow } from '../trace/waterfall-rows.ts'

export const ROW_PX = 26
/** The axis above the rows. */
export const AXIS_PX = 26
const INDENT_PX = 12
/** Deeper levels stand below each other. */
const INDENTS_MAX = 24
const NAME_LEFT_PX = 8

/** Everything that one picture of a waterfall shows. */
export interface WaterfallFrame {
  readonly tree: SpanTree
  readonly rows: readonly WaterfallRow[]
  readonly widthPx: number
  readonly heightPx: number
  /** Width of the names; bars have the rest. */
  readonly namesPx: number
  readonly scrollPx: number
  /** Time of the trace that is shown. */
  readonly fromMs: number
  readonly toMs: number
  /** Places in the rows. */
  readonly selected: number | undefined
  readonly hovered: number | undefined
  /** What a filter wants; the others are dimmed. */
  readonly matches: Uint8Array | undefined
  /** By place; undefined = not shown. */
  readonly critical: ReadonlyMap<number, readonly CriticalSegment[]> | undefined
  /** Colour of each service, by its place. */
  readonly slots: readonly number[]
  readonly theme: ChartTheme
}

/** A picture with what its canvas remembers. */
export interface WaterfallScene extends WaterfallFrame {
  readonly fitter: TextFitter
  /** Where the events of each span lie in the columns. */
  readonly events: ReadonlyMap<number, readonly [number, number]>
}

/** Where a row's text begins. */
export function nameLeft(depth: number): number {
  return NAME_LEFT_PX + Math.min(depth, INDENTS_MAX) * INDENT_PX
}

/** The row at a height of the canvas, and whether the point is on its mark for folding. */
export function rowAt(
  { rows, scrollPx, namesPx }: Pick<WaterfallFrame, 'rows' | 'scrollPx' | 'namesPx'>,
  xPx: number,
  yPx: number,
): { readonly row: number; readonly isFold: boolean } | undefined {
  if (yPx < AXIS_PX) return undefined
  const at = Math.floor((yPx - AXIS_PX + scrollPx) / ROW_PX)
  const row = rows[at]
  if (row === undefined) return undefined
  return { row: at, isFold: xPx < namesPx && xPx < nameLeft(row.depth) + 20 }
}

/** Pixels of a moment; may lie outside of the bars. */
export function xOf({ fromMs, toMs, namesPx, widthPx }: WaterfallFrame, ms: number): number {
  return namesPx + ((ms - fromMs) / (toMs - fromMs)) * Math.max(1, widthPx - namesPx - RIGHT_PX)
}

/** Left free behind the last moment. */
const RIGHT_PX = 12
