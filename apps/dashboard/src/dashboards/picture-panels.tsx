import { CHART_THEMES, formatInstant, formatValue, PLAIN } from '@vantage/charts'
import {
  bucketName,
  type Heatmap,
  type HeatmapCell,
  type HistogramChart,
  heatmapCell,
  heatmapCellAt,
  heatmapCorners,
  heatmapRegion,
  heatmapStepAt,
  heatmapSummary,
  histogramBarAt,
  histogramSummary,
  paintHeatmap,
  paintHistogram,
  paintStateTimeline,
  type StateTimeline,
  stateSummary,
  statesAt,
  stateTimeAt,
} from '@vantage/charts/panels'
import { useCallback, useMemo } from 'react'
import { usePreferences } from '../app/preferences.ts'
import type { ValueBox } from '../drill/explain-box.ts'
import { frameOf, type Point } from '../parts/box-drag.ts'
import { RATIO } from '../services/units.ts'
import { LONGEST_MS, type Region } from '../traces/region.ts'
import { CanvasPicture, type PictureSelection } from './canvas-picture.tsx'

/** Buckets that one readout names. */
const NAMED_MAX = 4
/** Moments of a state timeline that arrow keys stop at. */
const MOMENTS = 100

/** What of a heatmap of durations is explained, and how another part is chosen. */
export interface HeatmapExplain {
  readonly region: Region | undefined
  readonly onRegion: (region: Region) => void
}

/** What is selected of a heatmap, and what becomes of a box that is dragged or chosen by keys. */
interface HeatmapSelection {
  readonly box: ValueBox | undefined
  readonly onBox: (box: ValueBox, isAlt: boolean) => void
  /** @param place of the window; @param host gets the focus back */
  readonly onCell: (cell: HeatmapCell, place: { readonly x: number; readonly y: number }, host: HTMLElement) => void
}

interface HeatmapPictureProps {
  readonly heatmap: Heatmap
  readonly selection: HeatmapSelection
}

/** As seconds of buckets what is explained as milliseconds of regions. */
export function regionSelection({ region, onRegion }: HeatmapExplain): Omit<HeatmapSelection, 'onCell'> {
  return {
    box: region && { ...region, low: region.fromMs / 1_000, high: region.toMs / 1_000 },
    onBox: ({ startMs, endMs, low, high }) =>
      onRegion({ startMs, endMs, fromMs: low * 1_000, toMs: Math.min(LONGEST_MS, high * 1_000) }),
  }
}

export function HeatmapPicture({ heatmap, selection }: HeatmapPictureProps) {
  const readout = useMemo(
    () => ({
      count: heatmap.timesMs.length,
      at: (xPx: number, widthPx: number) => heatmapStepAt(heatmap, xPx, widthPx),
      text: (step: number) => stepText(heatmap, step),
    }),
    [heatmap],
  )
  const paint = useCallback<Parameters<typeof CanvasPicture>[0]['paint']>(
    (canvas, theme, { at, ...box }) => paintHeatmap(canvas, heatmap, theme, { ...box, step: at }),
    [heatmap],
  )
  return (
    <CanvasPicture
      label={heatmapSummary(heatmap)}
      readout={readout}
      legend={<Ramp most={formatValue(heatmap.max, PLAIN)} />}
      selection={pictureSelection(heatmap, selection)}
      paint={paint}
    />
  )
}

/** What the colours of a heatmap count. */
function Ramp({ most }: { readonly most: string }) {
  const theme = usePreferences((one) => one.drawnTheme)
  return (
    <span className="picture-ramp" aria-hidden="true">
      0<span style={{ backgroundImage: `linear-gradient(to right, ${CHART_THEMES[theme].ramp.join(', ')})` }} />
      {most}
    </span>
  )
}

function pictureSelection(heatmap: Heatmap, { box: selected, onBox, onCell }: HeatmapSelection): PictureSelection {
  return {
    rows: heatmap.rows.length,
    cell: ({ column, row }, box) => heatmapCell(heatmap, box, column, row),
    frame: (box) => selected && frameOf(...heatmapCorners(heatmap, box, selected)),
    onBox: (from, to, box, isAlt) => onBox(heatmapRegion(heatmap, box, from, to), isAlt),
    onPick: (at: Point, box, host) => {
      const cell = heatmapCellAt(heatmap, box, at)
      const { left, top } = host.getBoundingClientRect()
      if (cell !== undefined) onCell(cell, { x: left + at[0], y: top + at[1] }, host)
    },
  }
}

function stepText({ rows, timesMs, unit, zone }: Heatmap, step: number): string {
  const used = rows
    .map((row) => ({ name: bucketName(row, (value) => formatValue(value, unit)), count: row.counts[step] ?? 0 }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, NAMED_MAX)
  const counts = used.map(({ name, count }) => `${name}: ${formatValue(count, PLAIN)}`)
  const time = formatInstant(timesMs[step] as number, zone).slice(5, 19)
  return `${time} · ${counts.length === 0 ? 'none' : counts.join(' · ')}`
}

export function HistogramPicture({ histogram }: { readonly histogram: HistogramChart }) {
  const readout = useMemo(() => {
    const { bars, unit } = histogram
    return {
      count: bars.length,
      at: (xPx: number, widthPx: number) => histogramBarAt(histogram, xPx, widthPx),
      text: (place: number) => {
        const bar = bars[place]
        if (bar === undefined) return ''
        const name = bucketName(bar, (value) => formatValue(value, unit))
        return `${name}: ${formatValue(bar.count, PLAIN)}, ${formatValue(bar.share, RATIO)}`
      },
    }
  }, [histogram])
  const paint = useCallback<Parameters<typeof CanvasPicture>[0]['paint']>(
    (canvas, theme, { at, ...box }) => paintHistogram(canvas, histogram, theme, { ...box, bar: at }),
    [histogram],
  )
  return <CanvasPicture label={histogramSummary(histogram)} readout={readout} paint={paint} />
}

export function StatePicture({ timeline }: { readonly timeline: StateTimeline }) {
  const { startMs, endMs } = timeline
  const readout = useMemo(() => {
    const timeOf = (place: number) => startMs + ((place + 0.5) / MOMENTS) * (endMs - startMs)
    return {
      count: MOMENTS,
      at: (xPx: number, widthPx: number) => {
        const atMs = stateTimeAt(timeline, xPx, widthPx)
        return atMs === undefined
          ? -1
          : Math.min(MOMENTS - 1, Math.floor(((atMs - startMs) / (endMs - startMs)) * MOMENTS))
      },
      text: (place: number) => statesAt(timeline, Math.round(timeOf(place))),
      timeOf,
    }
  }, [timeline, startMs, endMs])
  const paint = useCallback<Parameters<typeof CanvasPicture>[0]['paint']>(
    (canvas, theme, { at, ...box }) => {
      paintStateTimeline(canvas, timeline, theme, { ...box, atMs: at === undefined ? undefined : readout.timeOf(at) })
    },
    [timeline, readout],
  )
  return <CanvasPicture label={stateSummary(timeline)} readout={readout} paint={paint} />
}
