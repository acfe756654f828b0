import { shownText } from '../shown-text.ts'
import type { MapLink, Place } from './layout.ts'

/** Sizes in CSS pixels. */
export const NODE_WIDTH = 184
export const NODE_HEIGHT = 48
const COLUMN_GAP = 72
const ROW_GAP = 20
const MARGIN = 24
/** How far an arrow's head reaches back. */
const HEAD = 6
const STROKE_MIN = 1.25
const STROKE_MAX = 4.25
/** Characters of a name that fit into a node. */
const NAME_CHARS_MAX = 21

export interface Box {
  readonly x: number
  readonly y: number
}

/** A call as it is drawn: the line and its head as SVG path data, which canvases read too. */
export interface MapArrow {
  readonly line: string
  readonly head: string
}

export interface MapGround {
  readonly width: number
  readonly height: number
  readonly boxes: ReadonlyMap<string, Box>
}

/** Where nodes are drawn, without the columns and rows before the first that is used. */
export function mapGround(places: ReadonlyMap<string, Place>): MapGround {
  const all = [...places.values()]
  const first = (read: (place: Place) => number) =>
    all.reduce((least, place) => Math.min(least, read(place)), Number.POSITIVE_INFINITY)
  const last = (read: (place: Place) => number) =>
    all.reduce((most, place) => Math.max(most, read(place)), Number.NEGATIVE_INFINITY)
  const [column, row] = [first((one) => one.column), first((one) => one.row)]
  const columns = all.length === 0 ? 0 : last((one) => one.column) - column + 1
  const rows = all.length === 0 ? 0 : last((one) => one.row) - row + 1
  const boxes = new Map(
    [...places].map(([id, place]) => [
      id,
      {
        x: MARGIN + (place.column - column) * (NODE_WIDTH + COLUMN_GAP),
        y: MARGIN + (place.row - row) * (NODE_HEIGHT + ROW_GAP),
      },
    ]),
  )
  return {
    width: 2 * MARGIN + Math.max(0, columns * (NODE_WIDTH + COLUMN_GAP) - COLUMN_GAP),
    height: 2 * MARGIN + Math.max(0, rows * (NODE_HEIGHT + ROW_GAP) - ROW_GAP),
    boxes,
  }
}

/** The arrow of a call, from the right side of the caller to the called; undefined where one of them is not drawn. */
export function mapArrow({ boxes }: MapGround, { from, to }: MapLink): MapArrow | undefined {
  const [start, end] = [boxes.get(from), boxes.get(to)]
  if (start === undefined || end === undefined) return undefined
  const middle = NODE_HEIGHT / 2
  const [x1, y1] = [start.x + NODE_WIDTH, start.y + middle]
  if (end.x > start.x) {
    const [x2, y2] = [end.x, end.y + middle]
    const bend = Math.max(COLUMN_GAP / 2, (x2 - x1) / 2)
    return { line: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2 - HEAD} ${y2}`, head: headAt(x2, y2, -1) }
  }
  // Back, up or down: around the right side of both.
  const [x2, y2] = [end.x + NODE_WIDTH, end.y + middle + (end.y === start.y ? NODE_HEIGHT / 4 : 0)]
  const bend = COLUMN_GAP * 0.75
  return { line: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 + bend} ${y2} ${x2 + HEAD} ${y2}`, head: headAt(x2, y2, 1) }
}

function headAt(x: number, y: number, side: 1 | -1): string {
  return `M${x} ${y}l${side * (HEAD + 2)} -4v8z`
}

/** How wide the line of a call is drawn, by its share of the busiest one. */
export function arrowWidth(rate: number, rateMax: number): number {
  if (!(rate > 0 && rateMax > 0)) return STROKE_MIN
  return STROKE_MIN + (STROKE_MAX - STROKE_MIN) * Math.sqrt(Math.min(1, rate / rateMax))
}

/** A name as far as it fits into a node. */
export function fittingName(name: string): string {
  const chars = [...shownText(name)]
  return chars.length <= NAME_CHARS_MAX ? chars.join('') : `${chars.slice(0, NAME_CHARS_MAX - 1).join('')}…`
}

/** The node at a point of the ground. */
export function nodeAt({ boxes }: MapGround, x: number, y: number): string | undefined {
  for (const [id, box] of boxes) {
    if (x >= box.x && x < box.x + NODE_WIDTH && y >= box.y && y < box.y + NODE_HEIGHT) return id
  }
  return undefined
}

export type MapStep = 'left' | 'right' | 'up' | 'down'

/** The node that lies next in a direction: the nearest of those that lie more that way than across. */
export function nodeBeside({ boxes }: MapGround, from: string, step: MapStep): string | undefined {
  const start = boxes.get(from)
  if (start === undefined) return undefined
  let best: string | undefined
  let bestDistance = Number.POSITIVE_INFINITY
  for (const [id, box] of boxes) {
    const [dx, dy] = [(box.x - start.x) / (NODE_WIDTH + COLUMN_GAP), (box.y - start.y) / (NODE_HEIGHT + ROW_GAP)]
    const [along, across] = { left: [-dx, dy], right: [dx, dy], up: [-dy, dx], down: [dy, dx] }[step] as [
      number,
      number,
    ]
    // Up and down stay in the column while it goes on.
    const distance = along + Math.abs(across) * (step === 'up' || step === 'down' ? 50 : 0.3)
    if (along <= 0 || distance >= bestDistance) continue
    best = id
    bestDistance = distance
  }
  return best
}
