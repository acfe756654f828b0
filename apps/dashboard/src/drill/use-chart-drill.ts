import type { Exemplar } from '@vantage/api/client'
import { seriesAt, type TimeSeriesFrame, type TimeSpan } from '@vantage/charts'
import type { ChartPick, ChartPlace, TimeSeriesChart } from '@vantage/charts/time-series'
import { type KeyboardEvent, type RefObject, useEffect, useMemo, useRef, useState } from 'react'
import { useParam } from '../app/router.ts'
import { afterKey, type Crosshair, crosshairText, NO_CROSSHAIR, seriesOf } from './chart-keys.ts'
import { type DrillSpot, drillEntries, pointSpot, regionSpot, stepsSpan } from './drill-model.ts'
import { REGION_PARAM, spanOf } from './explain-url.ts'
import type { SeriesSources } from './subject.ts'
import { useDrillMenu } from './use-drill-menu.tsx'

interface DrilledChart {
  readonly frame: TimeSeriesFrame
  readonly sources: SeriesSources
  readonly exemplars: readonly Exemplar[]
  readonly chart: RefObject<TimeSeriesChart | undefined>
  readonly host: RefObject<HTMLDivElement | null>
}

/** The crosshair of a chart, what is selected with it, and the way to the menu of what is chosen. */
export function useChartDrill(drilled: DrilledChart) {
  const latest = useRef(drilled)
  latest.current = drilled
  const { frame, chart, host } = drilled
  const [crosshair, setCrosshair] = useState<Crosshair>(NO_CROSSHAIR)
  const [said, setSaid] = useState('')
  const menu = useDrillMenu()
  useRegion(chart, frame, crosshair)
  const open = (spot: DrillSpot | undefined, { x, y }: ChartPlace) => {
    const element = host.current
    if (spot === undefined || element === null) return
    const { left, top } = element.getBoundingClientRect()
    menu.open(spot, { x: left + x, y: top + y }, element)
  }
  const events = {
    // Most moves of a pointer stay on their step: nothing is drawn for them.
    onCursor: (index: number | undefined) => setCrosshair((now) => (now.index === index ? now : { ...now, index })),
    onPick: ({ index, value, place }: ChartPick) => {
      const { frame, sources, exemplars } = latest.current
      const key = seriesAt(frame, index, value) ?? seriesOf(NO_CROSSHAIR, frame)
      if (key !== undefined) open(pointSpot(frame, sources, exemplars, { index, key }), place)
    },
    onRegion: (startMs: number, endMs: number) => {
      const { frame, sources, exemplars } = latest.current
      const spot = regionSpot(frame, sources, exemplars, { startMs, endMs })
      const explain = drillEntries(spot).find(({ id }) => id === 'different')
      if (explain !== undefined && 'act' in explain) menu.act(explain.act)
      // The menu says why not.
      else open(spot, chart.current?.placeOf(endMs, 0) ?? { x: 0, y: 0 })
    },
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const next = event.altKey || event.ctrlKey || event.metaKey ? undefined : afterKey(crosshair, event, frame)
    if (next === undefined) return
    // A crosshair is no layer: what lies above the chart closes with the same Escape. A region is one.
    if (event.key !== 'Escape' || crosshair.anchor !== undefined) event.preventDefault()
    if (next === 'menu') {
      const { spot, place } = keyboardSpot(latest.current, crosshair)
      open(spot, place)
      return
    }
    chart.current?.setCursor(next.index)
    chart.current?.focusSeries(next.series)
    setCrosshair(next)
    setSaid(crosshairText(next, frame))
  }
  const onBlur = () => chart.current?.focusSeries(undefined)
  return { cursor: crosshair.index, said, events, onKeyDown, onBlur }
}

/** The point or the region of the keyboard, and where its menu opens. */
function keyboardSpot({ frame, sources, exemplars, chart }: DrilledChart, crosshair: Crosshair) {
  const { index = 0, anchor } = crosshair
  const key = seriesOf(crosshair, frame) ?? ''
  const value = frame.series.find((one) => one.key === key)?.values[index] ?? 0
  const seconds = frame.timesSeconds[index] ?? 0
  const place = chart.current?.placeOf(seconds * 1_000, value) ?? { x: 0, y: 0 }
  const spot =
    anchor === undefined
      ? pointSpot(frame, sources, exemplars, { index, key })
      : regionSpot(frame, sources, exemplars, stepsSpan(frame, anchor, seconds), key)
  return { spot, place }
}

/** Draws what is selected by keys, else what is explained. */
function useRegion(
  chart: RefObject<TimeSeriesChart | undefined>,
  frame: TimeSeriesFrame,
  { index, anchor }: Crosshair,
): void {
  const explained = useParam(REGION_PARAM)
  // Neither a pointer that moves nor newer data change what is explained.
  const shown = useMemo(() => spanOf(explained), [explained])
  const selected = useMemo((): TimeSpan | undefined => {
    if (anchor === undefined) return undefined
    return stepsSpan(frame, anchor, index === undefined ? anchor : (frame.timesSeconds[index] ?? anchor))
  }, [frame, anchor, index])
  const region = selected ?? shown
  useEffect(() => chart.current?.setRegion(region), [chart, region])
}
