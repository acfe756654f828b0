import { shownText } from './shown-text.ts'

/** Texts of canvases: fonts as the page has them, cut to the room there is. */
export const TEXT_FONT = '12px "Inter Variable", system-ui, sans-serif'
export const BOLD_FONT = '600 12px "Inter Variable", system-ui, sans-serif'
export const SMALL_FONT = '11px "Inter Variable", system-ui, sans-serif'

const ELLIPSIS = '…'
/** Of a text that is measured; no row of a screen holds more. */
const CHARS_MAX = 400
/** Texts whose cut is remembered; then it starts anew. */
const REMEMBERED_MAX = 20_000

/** Cuts texts to the room there is, and remembers how; one for each canvas. */
export class TextFitter {
  readonly #cuts = new Map<string, string>()

  /** The text, or as much of it as fits with an ellipsis; '' where nothing does. The font must be set. */
  fit(context: CanvasRenderingContext2D, text: string, widthPx: number): string {
    if (widthPx < 8) return ''
    const room = Math.floor(widthPx)
    const key = `${room} ${context.font} ${text}`
    const known = this.#cuts.get(key)
    if (known !== undefined) return known
    const cut = cutText(context, shownText(text.slice(0, CHARS_MAX)), room, text.length > CHARS_MAX)
    if (this.#cuts.size >= REMEMBERED_MAX) this.#cuts.clear()
    this.#cuts.set(key, cut)
    return cut
  }
}

function cutText(context: CanvasRenderingContext2D, text: string, room: number, isCut: boolean): string {
  if (!isCut && context.measureText(text).width <= room) return text
  let [low, high] = [0, text.length]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (context.measureText(`${text.slice(0, middle)}${ELLIPSIS}`).width <= room) low = middle
    else high = middle - 1
  }
  return low === 0 ? '' : `${text.slice(0, low)}${ELLIPSIS}`
}

/** Makes a canvas as sharp as the screen. @returns its context, in CSS pixels */
export function sizedContext(canvas: HTMLCanvasElement, widthPx: number, heightPx: number): CanvasRenderingContext2D {
  const ratio = globalThis.devicePixelRatio || 1
  const [width, height] = [Math.round(widthPx * ratio), Math.round(heightPx * ratio)]
  if (canvas.width !== width) canvas.width = width
  if (canvas.height !== height) canvas.height = height
  const context = canvas.getContext('2d') as CanvasRenderingContext2D
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  return context
}
