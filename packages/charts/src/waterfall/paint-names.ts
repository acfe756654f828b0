import { BOLD_FONT, TEXT_FONT } from '../canvas-text.ts'
import { slotColour } from '../palette.ts'
import type { SpanTree } from '../trace/span-tree.ts'
import { canFold, type WaterfallRow } from '../trace/waterfall-rows.ts'
import { formatMs } from '../units.ts'
import { nameLeft, ROW_PX, type WaterfallScene } from './frame.ts'

const CARET_PX = 7
const TEXT_GAP_PX = 6
const STRIP_PX = 3
/** Of the room, so that the operation is seen behind a long service. */
const SERVICE_SHARE = 0.55

/** The name of a row: mark for folding, strip of the service, service and operation. */
export function paintName(
  context: CanvasRenderingContext2D,
  scene: WaterfallScene,
  row: WaterfallRow,
  yPx: number,
): void {
  const { namesPx, theme, tree } = scene
  const middle = yPx + ROW_PX / 2
  let x = nameLeft(row.depth)
  context.save()
  context.beginPath()
  context.rect(0, yPx, namesPx - TEXT_GAP_PX, ROW_PX)
  context.clip()
  if (canFold(tree, row)) paintCaret(context, x + CARET_PX / 2, middle, row.isOpen, theme.mutedText)
  x += CARET_PX + TEXT_GAP_PX
  if (row.kind === 'missing') {
    paintMissing(context, scene, row, x, yPx)
  } else {
    const place = row.kind === 'span' ? row.place : (row.places[0] as number)
    const service = tree.columns.serviceOf[place] as number
    context.fillStyle = slotColour(theme, scene.slots[service] ?? 0)
    context.fillRect(x, yPx + 5, STRIP_PX, ROW_PX - 10)
    x += STRIP_PX + TEXT_GAP_PX
    const isFailed = row.kind === 'span' && tree.columns.isError[place] === 1
    if (isFailed) x = paintFailed(context, x, middle, theme.critical)
    context.font = BOLD_FONT
    context.fillStyle = theme.text
    const serviceText = scene.fitter.fit(
      context,
      tree.columns.services[service] ?? '',
      (namesPx - x - TEXT_GAP_PX) * SERVICE_SHARE,
    )
    context.fillText(serviceText, x, middle)
    x += context.measureText(serviceText).width + TEXT_GAP_PX
    context.font = TEXT_FONT
    context.fillStyle = isFailed ? theme.criticalText : theme.mutedText
    context.fillText(scene.fitter.fit(context, nameText(scene, row, place), namesPx - x - TEXT_GAP_PX), x, middle)
  }
  context.restore()
}

function nameText({ tree }: WaterfallScene, row: WaterfallRow, place: number): string {
  const name = tree.columns.names[tree.columns.nameOf[place] as number] ?? ''
  if (row.kind === 'group') return `${row.places.length} × ${name}, ${formatMs(groupMs(tree, row.places))} total`
  const below = tree.descendants[place] as number
  return row.isOpen || below === 0 ? name : `${name} (+${below})`
}

/** What the members of a group took together. */
export function groupMs(tree: SpanTree, places: readonly number[]): number {
  return places.reduce((sum, place) => sum + (tree.columns.durationMs[place] as number), 0)
}

function paintMissing(
  context: CanvasRenderingContext2D,
  scene: WaterfallScene,
  row: Extract<WaterfallRow, { kind: 'missing' }>,
  x: number,
  yPx: number,
): void {
  const { theme, namesPx } = scene
  context.strokeStyle = theme.mutedText
  context.lineWidth = 1
  context.setLineDash([3, 3])
  context.strokeRect(x + 0.5, yPx + 4.5, Math.max(20, namesPx - x - TEXT_GAP_PX * 2), ROW_PX - 9)
  context.setLineDash([])
  context.font = TEXT_FONT
  context.fillStyle = theme.mutedText
  const text = `parent ${row.spanId} was not received`
  context.fillText(scene.fitter.fit(context, text, namesPx - x - TEXT_GAP_PX * 4), x + TEXT_GAP_PX, yPx + ROW_PX / 2)
}

function paintCaret(context: CanvasRenderingContext2D, x: number, y: number, isOpen: boolean, colour: string): void {
  const half = CARET_PX / 2
  context.fillStyle = colour
  context.beginPath()
  if (isOpen) {
    context.moveTo(x - half, y - half / 2)
    context.lineTo(x + half, y - half / 2)
    context.lineTo(x, y + half)
  } else {
    context.moveTo(x - half / 2, y - half)
    context.lineTo(x + half, y)
    context.lineTo(x - half / 2, y + half)
  }
  context.fill()
}

/** A diamond, as status has a shape beside its colour. @returns where text goes on */
function paintFailed(context: CanvasRenderingContext2D, x: number, y: number, colour: string): number {
  paintDiamond(context, x + 4, y, 4.5, colour)
  return x + 8 + TEXT_GAP_PX
}

export function paintDiamond(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  half: number,
  colour: string,
): void {
  context.fillStyle = colour
  context.beginPath()
  context.moveTo(x, y - half)
  context.lineTo(x + half, y)
  context.lineTo(x, y + half)
  context.lineTo(x - half, y)
  context.fill()
}
