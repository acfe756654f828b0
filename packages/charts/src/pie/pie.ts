import { sizedContext } from '../canvas-text.ts'
import { type ChartTheme, slotColour } from '../palette.ts'

export interface PieSlice {
  readonly label: string
  readonly value: number
  /** Of all of them. */
  readonly share: number
  readonly slot: number
}

export interface Pie {
  readonly slices: readonly PieSlice[]
  readonly total: number
}

/** More parts cannot be told apart; the smallest become one. */
const SLICES_MAX = 6
const RING_SHARE = 0.62
const GAP_RADIANS = 0.02

/** The largest part first; what is not above zero is no part of a whole. */
export function pieOf(values: readonly { readonly label: string; readonly value: number }[]): Pie {
  const parts = values.filter(({ value }) => value > 0).sort((a, b) => b.value - a.value)
  const total = parts.reduce((sum, { value }) => sum + value, 0)
  const kept = parts.length > SLICES_MAX ? parts.slice(0, SLICES_MAX - 1) : parts
  const rest = parts.slice(kept.length)
  const others = { label: `${rest.length} others`, value: rest.reduce((sum, { value }) => sum + value, 0) }
  const shown = rest.length > 0 ? [...kept, others] : kept
  return { slices: shown.map((one, slot) => ({ ...one, share: one.value / total, slot })), total }
}

/** One sentence for people who do not see the canvas. */
export function pieSummary({ slices }: Pie): string {
  const [first] = slices
  if (first === undefined) return 'Pie without parts.'
  return `Pie of ${slices.length} parts, the largest ${first.label} with ${Math.round(first.share * 100)} percent.`
}

/** A ring from twelve o'clock on; the middle is left for the total. */
export function paintPie(
  canvas: HTMLCanvasElement,
  { slices }: Pie,
  theme: ChartTheme,
  { widthPx, heightPx }: { readonly widthPx: number; readonly heightPx: number },
): void {
  const context = sizedContext(canvas, widthPx, heightPx)
  context.clearRect(0, 0, widthPx, heightPx)
  const radius = Math.max(8, Math.min(widthPx, heightPx) / 2 - 4)
  let from = -Math.PI / 2
  const gap = slices.length > 1 ? GAP_RADIANS : 0
  for (const { share, slot } of slices) {
    const to = from + share * Math.PI * 2
    context.beginPath()
    context.arc(widthPx / 2, heightPx / 2, radius, from + gap / 2, Math.max(from + gap / 2, to - gap / 2))
    context.arc(
      widthPx / 2,
      heightPx / 2,
      radius * RING_SHARE,
      Math.max(from + gap / 2, to - gap / 2),
      from + gap / 2,
      true,
    )
    context.closePath()
    context.fillStyle = slotColour(theme, slot)
    context.fill()
    from = to
  }
}
