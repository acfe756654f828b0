import { type Bucket, bucketName, bucketsOf, type CumulativeBucket, trimmedBuckets } from '../buckets.ts'
import { paintTimeAxis } from '../canvas-axis.ts'
import { SMALL_FONT, sizedContext } from '../canvas-text.ts'
import type { ChartTheme } from '../palette.ts'
import { formatValue, type Unit } from '../units.ts'
import type { Zone } from '../zone.ts'

/** Counts by bucket and step: where most values lie, and when that changed. */
export interface Heatmap {
  /** The lowest first. */
  readonly rows: readonly Bucket[]
  readonly startMs: number
  readonly endMs: number
  /** Unix ms at which each step ends. */
  readonly timesMs: readonly number[]
  readonly max: number
  readonly unit: Unit
  readonly zone: Zone
}

const LEFT_PX = 61
const RIGHT_PX = 12
const TOP_PX = 6
const BOTTOM_PX = 22
const LABEL_PX = 18
const GAP_PX = 1

export type HeatmapFrame = Pick<Heatmap, 'startMs' | 'endMs' | 'timesMs' | 'unit' | 'zone'>

export function heatmapOf(buckets: readonly CumulativeBucket[], frame: HeatmapFrame): Heatmap {
  const rows = trimmedBuckets(bucketsOf(buckets))
  const max = rows.reduce((most, { counts }) => Math.max(most, ...counts), 0)
  return { ...frame, rows, max }
}

/** The step under a point of the canvas, −1 outside. */
export function heatmapStepAt({ timesMs }: Heatmap, xPx: number, widthPx: number): number {
  const share = (xPx - LEFT_PX) / (widthPx - LEFT_PX - RIGHT_PX)
  return share < 0 || share >= 1 ? -1 : Math.floor(share * timesMs.length)
}

/** What a box covers: a time, and values between two bounds. */
interface HeatmapRegion {
  readonly startMs: number
  readonly endMs: number
  readonly low: number
  readonly high: number
}

type Point = readonly [xPx: number, yPx: number]

interface Area {
  readonly widthPx: number
  readonly heightPx: number
}

/** The steps and buckets that a box between two points touches. */
export function heatmapRegion({ rows, timesMs, startMs }: Heatmap, area: Area, a: Point, b: Point): HeatmapRegion {
  const { widthPx, heightPx } = area
  const column = ([x]: Point) => ((x - LEFT_PX) / (widthPx - LEFT_PX - RIGHT_PX)) * timesMs.length
  const row = ([, y]: Point) => rows.length - ((y - TOP_PX) / (heightPx - TOP_PX - BOTTOM_PX)) * rows.length
  const [firstStep, lastStep] = between(column(a), column(b), timesMs.length)
  const [firstRow, lastRow] = between(row(a), row(b), rows.length)
  const stepMs = stepOf(timesMs, startMs)
  return {
    startMs: (timesMs[firstStep] ?? startMs) - stepMs,
    endMs: timesMs[lastStep] ?? startMs,
    low: Math.max(0, rows[firstRow]?.low ?? 0),
    high: rows[lastRow]?.high ?? Number.POSITIVE_INFINITY,
  }
}

function stepOf(timesMs: readonly number[], startMs: number): number {
  const [first = startMs, second] = timesMs
  return second === undefined ? first - startMs : second - first
}

/** The first and the last of so many places that lie between two. */
function between(a: number, b: number, count: number): readonly [number, number] {
  const place = (at: number) => Math.min(count - 1, Math.max(0, Math.floor(at)))
  return [place(Math.min(a, b)), place(Math.max(a, b))]
}

/** A cell, and how much it counts. */
export interface HeatmapCell extends HeatmapRegion {
  readonly bucket: Bucket
  readonly count: number
}

/** The cell under a point; undefined beside the drawing. */
export function heatmapCellAt(heatmap: Heatmap, area: Area, at: Point): HeatmapCell | undefined {
  const step = heatmapStepAt(heatmap, at[0], area.widthPx)
  if (step < 0 || at[1] < TOP_PX || at[1] >= area.heightPx - BOTTOM_PX) return undefined
  const region = heatmapRegion(heatmap, area, at, at)
  const bucket = heatmap.rows.find(({ high }) => high === region.high)
  return bucket && { ...region, bucket, count: bucket.counts[step] ?? 0 }
}

/** The middle of a cell. */
export function heatmapCell({ rows, timesMs }: Heatmap, { widthPx, heightPx }: Area, step: number, row: number): Point {
  const x = LEFT_PX + ((step + 0.5) / Math.max(1, timesMs.length)) * (widthPx - LEFT_PX - RIGHT_PX)
  const y = TOP_PX + (1 - (row + 0.5) / Math.max(1, rows.length)) * (heightPx - TOP_PX - BOTTOM_PX)
  return [x, y]
}

/** Where a region lies, as two corners. */
export function heatmapCorners(heatmap: Heatmap, { widthPx, heightPx }: Area, region: HeatmapRegion): [Point, Point] {
  const { rows, timesMs, startMs } = heatmap
  const stepMs = stepOf(timesMs, startMs)
  const firstMs = (timesMs[0] ?? startMs) - stepMs
  const x = (atMs: number) => {
    const share = (atMs - firstMs) / Math.max(1, timesMs.length * stepMs)
    return LEFT_PX + Math.min(1, Math.max(0, share)) * (widthPx - LEFT_PX - RIGHT_PX)
  }
  const y = (row: number) => TOP_PX + (1 - row / Math.max(1, rows.length)) * (heightPx - TOP_PX - BOTTOM_PX)
  const below = rows.filter(({ high }) => high <= region.low).length
  const covered = rows.filter(({ low }) => low < region.high).length
  return [
    [x(region.startMs), y(covered)],
    [x(region.endMs), y(Math.min(below, covered))],
  ]
}

/** One sentence for people who do not see the canvas. */
export function heatmapSummary(heatmap: Heatmap): string {
  const { rows, timesMs, unit } = heatmap
  if (rows.length === 0) return 'Heatmap without counts.'
  const total = (row: Bucket) => row.counts.reduce((sum, one) => sum + one, 0)
  const fullest = rows.reduce((most, row) => (total(row) > total(most) ? row : most))
  const name = bucketName(fullest, (value) => formatValue(value, unit))
  return `Heatmap of ${rows.length} buckets over ${timesMs.length} steps, most of it in ${name}.`
}

export function paintHeatmap(
  canvas: HTMLCanvasElement,
  heatmap: Heatmap,
  theme: ChartTheme,
  box: { readonly widthPx: number; readonly heightPx: number; readonly step: number | undefined },
): void {
  const { widthPx, heightPx, step } = box
  const context = sizedContext(canvas, widthPx, heightPx)
  context.clearRect(0, 0, widthPx, heightPx)
  const { rows, timesMs, max } = heatmap
  const cellWidth = (widthPx - LEFT_PX - RIGHT_PX) / Math.max(1, timesMs.length)
  const rowHeight = (heightPx - TOP_PX - BOTTOM_PX) / Math.max(1, rows.length)
  const topOf = (row: number) => TOP_PX + (rows.length - 1 - row) * rowHeight
  rows.forEach(({ counts }, row) => {
    counts.forEach((count, at) => {
      if (!(count > 0)) return
      context.fillStyle = rampColour(theme, count / max)
      context.fillRect(
        LEFT_PX + at * cellWidth,
        topOf(row),
        Math.max(1, cellWidth - GAP_PX),
        Math.max(1, rowHeight - GAP_PX),
      )
    })
  })
  paintBounds(context, heatmap, theme, topOf, rowHeight)
  if (step !== undefined && step >= 0) {
    context.strokeStyle = theme.text
    context.strokeRect(LEFT_PX + step * cellWidth, TOP_PX, cellWidth, heightPx - TOP_PX - BOTTOM_PX)
  }
  const { startMs, endMs, zone } = heatmap
  paintTimeAxis(context, { startMs, endMs, leftPx: LEFT_PX, rightPx: widthPx - RIGHT_PX, heightPx, zone, theme })
}

/** Upper bounds beside their rows, as many as there is room for. */
function paintBounds(
  context: CanvasRenderingContext2D,
  { rows, unit }: Heatmap,
  theme: ChartTheme,
  topOf: (row: number) => number,
  rowHeight: number,
): void {
  context.font = SMALL_FONT
  context.textBaseline = 'middle'
  context.textAlign = 'right'
  context.fillStyle = theme.axisText
  const every = Math.max(1, Math.ceil(LABEL_PX / rowHeight))
  for (let row = 0; row < rows.length; row += every) {
    const { high } = rows[row] as Bucket
    if (Number.isFinite(high)) context.fillText(formatValue(high, unit), LEFT_PX - 8, Math.max(7, topOf(row)))
  }
  context.textAlign = 'left'
}

/** From few to many. The root of the share, so that rare slow ones stay visible beside many quick ones. */
function rampColour(theme: ChartTheme, share: number): string {
  const at = Math.sqrt(Math.min(1, share)) * (theme.ramp.length - 1)
  const low = Math.min(theme.ramp.length - 2, Math.floor(at))
  return mixed(theme.ramp[low] as string, theme.ramp[low + 1] as string, at - low)
}

function mixed(from: string, to: string, share: number): string {
  const part = (at: number) => {
    const [a, b] = [from, to].map((hex) => Number.parseInt(hex.slice(at, at + 2), 16)) as [number, number]
    return Math.round(a + (b - a) * share)
  }
  return `rgb(${part(1)} ${part(3)} ${part(5)})`
}
