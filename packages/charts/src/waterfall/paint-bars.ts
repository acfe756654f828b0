import { SMALL_FONT } from '../canvas-text.ts'
import { slotColour } from '../palette.ts'
import { eachGap } from '../trace/span-tree.ts'
import type { WaterfallRow } from '../trace/waterfall-rows.ts'
import { formatMs } from '../units.ts'
import { ROW_PX, type WaterfallScene, xOf } from './frame.ts'
import { groupMs, paintDiamond } from './paint-names.ts'

const BAR_TOP_PX = 7
const BAR_PX = ROW_PX - BAR_TOP_PX * 2
const BAR_MIN_PX = 2
/** Time of children is this much lighter than that of the span itself. */
const CHILD_ALPHA = 0.42
const GROUP_ALPHA = 0.75
/** Gaps between children that are named. */
const GAP_MIN_PX = 84
const TEXT_PX = 6
/** Events of one span that are drawn. */
const EVENTS_MAX = 200

/** Everything right of the name: bar, its own time, events, critical path, how long it took. */
export function paintBar(
  context: CanvasRenderingContext2D,
  scene: WaterfallScene,
  row: WaterfallRow,
  yPx: number,
): void {
  if (row.kind === 'missing') return
  context.save()
  context.beginPath()
  context.rect(scene.namesPx, yPx, scene.widthPx - scene.namesPx, ROW_PX)
  context.clip()
  if (row.kind === 'group') paintGroup(context, scene, row, yPx)
  else {
    paintSpan(context, scene, row, yPx)
    paintEvents(context, scene, row.place, yPx)
    paintCritical(context, scene, row.place, yPx)
  }
  context.restore()
}

function colourOf({ tree, slots, theme }: WaterfallScene, place: number): string {
  return slotColour(theme, slots[tree.columns.serviceOf[place] as number] ?? 0)
}

function paintSpan(
  context: CanvasRenderingContext2D,
  scene: WaterfallScene,
  { place, isOpen }: Extract<WaterfallRow, { kind: 'span' }>,
  yPx: number,
): void {
  const { tree, theme } = scene
  const startMs = tree.columns.startMs[place] as number
  const tookMs = tree.columns.durationMs[place] as number
  const [left, right] = [xOf(scene, startMs), xOf(scene, startMs + tookMs)]
  const isFailed = tree.columns.isError[place] === 1
  const hasSkew = (tree.skewMs[place] as number) > 0
  const top = yPx + BAR_TOP_PX
  const alpha = context.globalAlpha
  context.fillStyle = colourOf(scene, place)
  if (isOpen) context.globalAlpha = alpha * CHILD_ALPHA
  context.fillRect(left, top, Math.max(BAR_MIN_PX, right - left), BAR_PX)
  context.globalAlpha = alpha
  if (isOpen) paintGaps(context, scene, place, top)
  if (isFailed) {
    context.fillStyle = theme.critical
    context.fillRect(left, top + BAR_PX - 3, Math.max(BAR_MIN_PX, right - left), 3)
    paintDiamond(context, Math.max(left, scene.namesPx + 5), yPx + ROW_PX / 2, 5, theme.critical)
  }
  const text = formatMs(tookMs)
  const longText = hasSkew ? `${text}, ${formatMs(tree.skewMs[place] as number)} before its parent` : text
  paintTime(context, scene, { text, longText, left, right, yPx, isWarning: hasSkew })
}

/** Times of its own, darker; large ones between children say how long they are. */
function paintGaps(context: CanvasRenderingContext2D, scene: WaterfallScene, place: number, top: number): void {
  const gaps: (readonly [number, number, number])[] = []
  let doneUntil = Number.NEGATIVE_INFINITY
  eachGap(scene.tree, place, (fromMs, toMs) => {
    const [left, right] = [xOf(scene, fromMs), xOf(scene, toMs)]
    if (right < scene.namesPx || left > scene.widthPx || right - doneUntil < 0.5) return
    context.fillRect(Math.max(left, doneUntil), top, Math.max(0.5, right - Math.max(left, doneUntil)), BAR_PX)
    doneUntil = right
    if (right - left >= GAP_MIN_PX) gaps.push([left, right, toMs - fromMs])
  })
  if (gaps.length < 2) return
  context.font = SMALL_FONT
  const { fillStyle } = context
  for (const [left, right, ms] of gaps) {
    const text = scene.fitter.fit(context, `gap ${formatMs(ms)}`, right - left - TEXT_PX * 4)
    const width = context.measureText(text).width
    const x = (left + right - width) / 2
    context.fillStyle = scene.theme.background
    context.fillRect(x - 4, top - 2, width + 8, BAR_PX + 4)
    context.fillStyle = scene.theme.mutedText
    context.fillText(text, x, top + BAR_PX / 2)
  }
  context.fillStyle = fillStyle
}

function paintGroup(
  context: CanvasRenderingContext2D,
  scene: WaterfallScene,
  row: Extract<WaterfallRow, { kind: 'group' }>,
  yPx: number,
): void {
  const { startMs, durationMs, isError } = scene.tree.columns
  let [first, last, doneUntil] = [Number.POSITIVE_INFINITY, 0, Number.NEGATIVE_INFINITY]
  const top = yPx + BAR_TOP_PX
  const alpha = context.globalAlpha
  context.globalAlpha = alpha * GROUP_ALPHA
  context.fillStyle = colourOf(scene, row.places[0] as number)
  for (const place of row.places) {
    const left = xOf(scene, startMs[place] as number)
    const right = Math.max(left + 1, xOf(scene, (startMs[place] as number) + (durationMs[place] as number)))
    first = Math.min(first, left)
    last = Math.max(last, right)
    if (right - doneUntil < 0.5) continue
    const from = Math.max(left, doneUntil)
    context.fillRect(from, top, Math.max(0.5, right - from - (from === left && right - left > 4 ? 1 : 0)), BAR_PX)
    doneUntil = right
  }
  context.globalAlpha = alpha
  const failed = row.places.filter((place) => isError[place] === 1)
  for (const place of failed.slice(0, EVENTS_MAX)) {
    paintDiamond(context, xOf(scene, startMs[place] as number), yPx + ROW_PX / 2, 4, scene.theme.critical)
  }
  const failedText = failed.length === 0 ? '' : `, ${failed.length} failed`
  const text = formatMs(groupMs(scene.tree, row.places))
  const longText = `${text}${failedText}`
  paintTime(context, scene, { text, longText, left: first, right: last, yPx, isWarning: false })
}

interface TimeText {
  readonly text: string
  /** In its place where there is room beside the bar. */
  readonly longText: string
  readonly left: number
  readonly right: number
  readonly yPx: number
  readonly isWarning: boolean
}

/** How long it took: behind the bar where there is room, else before it, else on it. */
function paintTime(
  context: CanvasRenderingContext2D,
  { theme, widthPx, namesPx }: WaterfallScene,
  { text, longText, left, right, yPx, isWarning }: TimeText,
): void {
  if (right < namesPx || left > widthPx) return
  context.font = SMALL_FONT
  const behind = Math.max(right, left + BAR_MIN_PX) + TEXT_PX
  const place = (wanted: string): number | undefined => {
    const { width } = context.measureText(wanted)
    if (behind + width <= widthPx - TEXT_PX) return behind
    const before = left - TEXT_PX - width
    return before >= namesPx + TEXT_PX ? before : undefined
  }
  let shown = longText
  let x = place(longText)
  if (x === undefined) {
    shown = text
    x = place(text)
  }
  if (x === undefined) {
    const { width } = context.measureText(text)
    x = Math.min(right, widthPx) - width - TEXT_PX * 2
    context.fillStyle = theme.background
    context.fillRect(x - 4, yPx + BAR_TOP_PX - 2, width + 8, BAR_PX + 4)
  }
  context.fillStyle = isWarning ? theme.warningText : theme.mutedText
  context.fillText(shown, x, yPx + ROW_PX / 2)
}

function paintEvents(context: CanvasRenderingContext2D, scene: WaterfallScene, place: number, yPx: number): void {
  const range = scene.events.get(place)
  if (range === undefined) return
  for (let i = range[0]; i < Math.min(range[1], range[0] + EVENTS_MAX); i++) {
    const x = xOf(scene, scene.tree.columns.eventMs[i] as number)
    paintDiamond(context, x, yPx + ROW_PX / 2, 4, scene.theme.background)
    paintDiamond(context, x, yPx + ROW_PX / 2, 3, scene.theme.text)
  }
}

function paintCritical(context: CanvasRenderingContext2D, scene: WaterfallScene, place: number, yPx: number): void {
  context.fillStyle = scene.theme.text
  for (const { fromMs, toMs } of scene.critical?.get(place) ?? []) {
    const [left, right] = [xOf(scene, fromMs), xOf(scene, toMs)]
    context.fillRect(left, yPx + BAR_TOP_PX + BAR_PX + 1, Math.max(1.5, right - left), 2)
  }
}
