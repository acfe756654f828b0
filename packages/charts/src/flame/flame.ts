import { sizedContext, TEXT_FONT, type TextFitter } from '../canvas-text.ts'
import { type ChartTheme, slotColour } from '../palette.ts'
import type { MergedCall } from '../trace/merged-calls.ts'

export const FLAME_ROW_PX = 22
/** Narrower frames are not drawn; the table has them all. */
const FRAME_MIN_PX = 0.7
const TEXT_MIN_PX = 28

/** A frame with its place, as shares of the width. */
export interface FlameFrame {
  readonly call: MergedCall
  /** From 0, counted from what is shown in full width. */
  readonly level: number
  readonly left: number
  readonly width: number
}

/**
 * Places of frames: widths stand for the work of a call and all below it.
 * @param focus what has the whole width; undefined = all calls without a parent side by side
 */
export function flameFrames(top: readonly MergedCall[], focus: MergedCall | undefined): FlameFrame[] {
  const first = focus === undefined ? top : [focus]
  const sum = first.reduce((all, call) => all + call.workMs, 0)
  const frames: FlameFrame[] = []
  // What lies above the focus has the whole width, too: the way back.
  const above: MergedCall[] = []
  for (let call = focus?.parent; call !== undefined; call = call.parent) above.unshift(call)
  for (const [level, call] of above.entries()) frames.push({ call, level, left: 0, width: 1 })
  let open: FlameFrame[] = sideBySide(first, above.length, 0, sum > 0 ? 1 / sum : 0)
  while (open.length > 0) {
    frames.push(...open)
    open = open.flatMap(({ call, level, left, width }) =>
      sideBySide(call.children, level + 1, left, call.workMs > 0 ? width / call.workMs : 0),
    )
  }
  return frames
}

function sideBySide(calls: readonly MergedCall[], level: number, left: number, scale: number): FlameFrame[] {
  let at = left
  return calls.map((call) => {
    const frame = { call, level, left: at, width: call.workMs * scale }
    at += frame.width
    return frame
  })
}

export interface FlamePicture {
  readonly frames: readonly FlameFrame[]
  readonly widthPx: number
  readonly heightPx: number
  readonly colourOf: (service: string) => number
  readonly selected: MergedCall | undefined
  /** Calls that a filter wants; others are dimmed. */
  readonly isWanted: (call: MergedCall) => boolean
  readonly fitter: TextFitter
  readonly theme: ChartTheme
}

export function paintFlame(canvas: HTMLCanvasElement, picture: FlamePicture): void {
  const { frames, widthPx, heightPx, theme, selected, colourOf, isWanted, fitter } = picture
  const context = sizedContext(canvas, widthPx, heightPx)
  context.fillStyle = theme.background
  context.fillRect(0, 0, widthPx, heightPx)
  context.textBaseline = 'middle'
  context.font = TEXT_FONT
  for (const { call, level, left, width } of frames) {
    const [x, y, w] = [left * widthPx, level * FLAME_ROW_PX, width * widthPx]
    if (w < FRAME_MIN_PX) continue
    const colour = slotColour(theme, colourOf(call.service))
    context.globalAlpha = isWanted(call) ? 0.3 : 0.08
    context.fillStyle = colour
    context.fillRect(x, y, Math.max(FRAME_MIN_PX, w - 1), FLAME_ROW_PX - 1)
    context.globalAlpha = isWanted(call) ? 1 : 0.4
    context.fillRect(x, y, Math.min(3, w), FLAME_ROW_PX - 1)
    if (call.errors > 0) {
      context.fillStyle = theme.critical
      context.fillRect(x, y + FLAME_ROW_PX - 4, Math.max(FRAME_MIN_PX, w - 1), 3)
    }
    if (w >= TEXT_MIN_PX) {
      context.fillStyle = theme.text
      const text = call.count === 1 ? call.name : `${call.count} × ${call.name}`
      context.fillText(fitter.fit(context, `${call.service} ${text}`, w - 14), x + 8, y + FLAME_ROW_PX / 2 - 1)
    }
    context.globalAlpha = 1
    if (call === selected) {
      context.strokeStyle = theme.accent
      context.lineWidth = 2
      context.strokeRect(x + 1, y + 1, Math.max(1, w - 3), FLAME_ROW_PX - 3)
    }
  }
}

/** The frame at a point, in CSS pixels. */
export function flameFrameAt(
  frames: readonly FlameFrame[],
  widthPx: number,
  xPx: number,
  yPx: number,
): FlameFrame | undefined {
  const level = Math.floor(yPx / FLAME_ROW_PX)
  const share = xPx / widthPx
  return frames.find((one) => one.level === level && share >= one.left && share < one.left + one.width)
}
