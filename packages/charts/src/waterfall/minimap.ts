import { sizedContext } from '../canvas-text.ts'
import { type ChartTheme, slotColour } from '../palette.ts'
import type { SpanTree } from '../trace/span-tree.ts'

export interface MinimapFrame {
  readonly tree: SpanTree
  readonly widthPx: number
  readonly heightPx: number
  /** Colour of each service, by its place. */
  readonly slots: readonly number[]
  readonly theme: ChartTheme
}

const BAR_MIN_PX = 1
const ERROR_MIN_PX = 3

/** Draws every span of a trace into a strip: one below the other in the order of the tree, failed ones last and larger. */
export function paintMinimap(canvas: HTMLCanvasElement, { tree, widthPx, heightPx, slots, theme }: MinimapFrame): void {
  const context = sizedContext(canvas, widthPx, heightPx)
  context.fillStyle = theme.raised
  context.fillRect(0, 0, widthPx, heightPx)
  const { columns, order, durationMs } = tree
  const { startMs, durationMs: tookMs, serviceOf, isError } = columns
  const rowPx = heightPx / Math.max(1, order.length)
  const barPx = Math.min(6, Math.max(BAR_MIN_PX, rowPx - 0.5))
  const scale = widthPx / durationMs
  const failed: number[] = []
  let colour = -1
  // Fast path: spans of one pixel row and place look the same; only the first is drawn.
  const drawn = new Int32Array(Math.ceil(heightPx) + 1).fill(-1)
  for (const [rank, place] of order.entries()) {
    if (isError[place] === 1) failed.push(rank)
    const x = (startMs[place] as number) * scale
    const width = Math.max(BAR_MIN_PX, (tookMs[place] as number) * scale)
    const y = rank * rowPx
    const end = Math.round(x + width)
    if (rowPx < 1) {
      if (drawn[Math.floor(y)] === end) continue
      drawn[Math.floor(y)] = end
    }
    const service = serviceOf[place] as number
    if (service !== colour) {
      colour = service
      context.fillStyle = slotColour(theme, slots[service] ?? 0)
    }
    context.fillRect(x, y, width, barPx)
  }
  context.fillStyle = theme.critical
  for (const rank of failed) {
    const place = order[rank] as number
    const width = Math.max(ERROR_MIN_PX, (tookMs[place] as number) * scale)
    context.fillRect((startMs[place] as number) * scale, rank * rowPx, width, Math.max(ERROR_MIN_PX, barPx))
  }
}
