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
const BAR_MAX_PX = 6
const ERROR_MIN_PX = 3

/** Draws every span of a trace into a strip: one below the other in the order of the tree, failed ones last and larger. */
export function paintMinimap(canvas: HTMLCanvasElement, frame: MinimapFrame): void {
  const { tree, widthPx, heightPx, slots, theme } = frame
  const context = sizedContext(canvas, widthPx, heightPx)
  const { columns, order, durationMs } = tree
  const rowPx = heightPx / Math.max(1, order.length)
  const barPx = Math.min(BAR_MAX_PX, Math.max(BAR_MIN_PX, rowPx - 0.5))
  const scale = widthPx / durationMs
  if (order.length > canvas.height) {
    const words = columns.services.map((_, service) => wordOf(slotColour(theme, slots[service] ?? 0)))
    const picture = context.createImageData(canvas.width, canvas.height)
    const pixels = new Uint32Array(picture.data.buffer).fill(wordOf(theme.raised))
    fillPixels(pixels, canvas.width, canvas.height, tree, words)
    context.putImageData(picture, 0, 0)
  } else paintBars(context, frame, rowPx, barPx)
  context.fillStyle = theme.critical
  for (let rank = 0; rank < order.length; rank++) {
    const place = order[rank] as number
    if (columns.isError[place] !== 1) continue
    const width = Math.max(ERROR_MIN_PX, (columns.durationMs[place] as number) * scale)
    context.fillRect((columns.startMs[place] as number) * scale, rank * rowPx, width, Math.max(ERROR_MIN_PX, barPx))
  }
}

function paintBars(
  context: CanvasRenderingContext2D,
  { tree: { columns, order, durationMs }, widthPx, heightPx, slots, theme }: MinimapFrame,
  rowPx: number,
  barPx: number,
): void {
  const scale = widthPx / durationMs
  context.fillStyle = theme.raised
  context.fillRect(0, 0, widthPx, heightPx)
  for (const [rank, place] of order.entries()) {
    context.fillStyle = slotColour(theme, slots[columns.serviceOf[place] as number] ?? 0)
    const width = Math.max(BAR_MIN_PX, (columns.durationMs[place] as number) * scale)
    context.fillRect((columns.startMs[place] as number) * scale, rank * rowPx, width, barPx)
  }
}

/**
 * Bars of a trace that has more spans than the strip has rows of pixels, each pixel written once: of the spans that cover
 * it the last in the order of the tree is seen.
 * @param pixels row by row; those that no span covers stay
 * @param words what stands for each service
 */
export function fillPixels(
  pixels: Uint32Array,
  width: number,
  height: number,
  { columns, order, durationMs }: SpanTree,
  words: readonly number[],
): void {
  const { startMs, durationMs: tookMs, serviceOf } = columns
  const scale = width / durationMs
  // Of each column the next one, itself or to the right, that is free in the row.
  const free = new Int32Array(width + 1)
  let row = -1
  for (let rank = order.length - 1; rank >= 0; rank--) {
    const place = order[rank] as number
    const y = Math.floor((rank / order.length) * height)
    if (y !== row) for (let x = 0; x <= width; x++) free[x] = x
    row = y
    const left = (startMs[place] as number) * scale
    const from = Math.min(width - 1, Math.floor(left))
    const to = Math.min(width, Math.max(from + 1, Math.round(left + (tookMs[place] as number) * scale)))
    const word = words[serviceOf[place] as number] ?? 0
    for (let x = firstFree(free, from); x < to; x = firstFree(free, x)) {
      pixels[y * width + x] = word
      free[x] = x + 1
    }
  }
}

function firstFree(free: Int32Array, from: number): number {
  let x = from
  while (free[x] !== x) {
    // Ways that were gone become shorter.
    free[x] = free[free[x] as number] as number
    x = free[x] as number
  }
  return x
}

/** `#rrggbb` as one pixel of an image. */
function wordOf(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)) as [
    number,
    number,
    number,
  ]
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0
}
