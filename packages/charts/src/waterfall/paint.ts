import { SMALL_FONT, sizedContext, TextFitter } from '../canvas-text.ts'
import { valueTicks } from '../ticks.ts'
import type { SpanTree } from '../trace/span-tree.ts'
import type { WaterfallRow } from '../trace/waterfall-rows.ts'
import { formatScaled, scaleFor } from '../units.ts'
import { AXIS_PX, ROW_PX, type WaterfallFrame, type WaterfallScene, xOf } from './frame.ts'
import { paintBar } from './paint-bars.ts'
import { paintName } from './paint-names.ts'

const DIMMED_ALPHA = 0.28
const TICK_PX = 72
const TICKS_MAX = 8
/** Behind rows that failed. */
const FAILED_ALPHA = 0.07

/** Draws waterfalls into one canvas: the rows that are on screen and nothing else, so its time does not depend on the trace. */
export class WaterfallPainter {
  readonly #canvas: HTMLCanvasElement
  readonly #fitter = new TextFitter()
  #events: { readonly of: SpanTree; readonly ranges: WaterfallScene['events'] } | undefined

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas
  }

  paint(frame: WaterfallFrame): void {
    if (this.#events?.of !== frame.tree) this.#events = { of: frame.tree, ranges: eventRanges(frame.tree) }
    paintScene(this.#canvas, { ...frame, fitter: this.#fitter, events: this.#events.ranges })
  }
}

function paintScene(canvas: HTMLCanvasElement, frame: WaterfallScene): void {
  const { widthPx, heightPx, theme, rows, scrollPx } = frame
  const context = sizedContext(canvas, widthPx, heightPx)
  context.fillStyle = theme.background
  context.fillRect(0, 0, widthPx, heightPx)
  context.textBaseline = 'middle'
  const ticks = ticksOf(frame)
  const first = Math.max(0, Math.floor(scrollPx / ROW_PX))
  const last = Math.min(rows.length, Math.ceil((scrollPx + heightPx - AXIS_PX) / ROW_PX))
  for (let at = first; at < last; at++) {
    const row = rows[at] as WaterfallRow
    const y = AXIS_PX + at * ROW_PX - scrollPx
    paintBackground(context, frame, row, at, y)
    context.fillStyle = theme.grid
    for (const tick of ticks.places) context.fillRect(tick.x, y, 1, ROW_PX)
    context.fillRect(0, y + ROW_PX - 1, widthPx, 1)
    context.globalAlpha = isDimmed(frame, row) ? DIMMED_ALPHA : 1
    paintName(context, frame, row, y)
    paintBar(context, frame, row, y)
    context.globalAlpha = 1
  }
  paintAxis(context, frame, ticks)
}

function paintBackground(
  context: CanvasRenderingContext2D,
  { theme, widthPx, selected, hovered, tree }: WaterfallFrame,
  row: WaterfallRow,
  at: number,
  y: number,
): void {
  if (row.kind === 'span' && tree.columns.isError[row.place] === 1) {
    context.globalAlpha = FAILED_ALPHA
    context.fillStyle = theme.critical
    context.fillRect(0, y, widthPx, ROW_PX)
    context.globalAlpha = 1
  }
  if (at !== selected && at !== hovered) return
  context.fillStyle = at === selected ? theme.accentBackground : theme.hover
  context.fillRect(0, y, widthPx, ROW_PX)
  if (at !== selected) return
  context.fillStyle = theme.accent
  context.fillRect(0, y, 2, ROW_PX)
}

function isDimmed({ matches }: WaterfallFrame, row: WaterfallRow): boolean {
  if (matches === undefined) return false
  if (row.kind === 'span') return matches[row.place] === 0
  return row.places.every((place) => matches[place] === 0)
}

interface Ticks {
  readonly places: readonly { readonly x: number; readonly text: string }[]
}

function ticksOf(frame: WaterfallFrame): Ticks {
  const { fromMs, toMs, widthPx, namesPx } = frame
  const scale = scaleFor({ kind: 'seconds' }, toMs / 1000)
  const count = Math.min(TICKS_MAX, Math.max(2, Math.floor((widthPx - namesPx) / TICK_PX)))
  const places = valueTicks(fromMs / 1000, toMs / 1000, count, scale).map((seconds) => ({
    x: Math.round(xOf(frame, seconds * 1000)),
    text: formatScaled(seconds, scale),
  }))
  return { places }
}

function paintAxis(context: CanvasRenderingContext2D, frame: WaterfallFrame, { places }: Ticks): void {
  const { theme, widthPx, namesPx, heightPx } = frame
  context.fillStyle = theme.background
  context.fillRect(0, 0, widthPx, AXIS_PX - 1)
  context.fillStyle = theme.grid
  context.fillRect(0, AXIS_PX - 1, widthPx, 1)
  context.fillRect(namesPx - 1, 0, 1, heightPx)
  context.fillStyle = theme.axisText
  context.font = SMALL_FONT
  for (const { x, text } of places) {
    const width = context.measureText(text).width
    if (x < namesPx - 1 || x + width + 4 > widthPx) continue
    context.fillText(text, x + 4, AXIS_PX / 2)
  }
}

/** Where the events of each span lie. */
function eventRanges({ columns: { eventPlaces } }: SpanTree): WaterfallScene['events'] {
  const found = new Map<number, readonly [number, number]>()
  for (let from = 0, at = 1; at <= eventPlaces.length; at++) {
    if (eventPlaces[at] === eventPlaces[from]) continue
    found.set(eventPlaces[from] as number, [from, at])
    from = at
  }
  return found
}
