import { formatInstant, formatValue, type TimeSeriesFrame } from '@vantage/charts'

/** Where the crosshair of a chart stands. */
export interface Crosshair {
  /** A step; undefined = nowhere. */
  readonly index: number | undefined
  /** Key of the series that it is about; undefined = the first that is visible. */
  readonly series: string | undefined
  /** From where a region is selected, unix seconds: a time, so that it stays where newer steps move it on the chart. */
  readonly anchor: number | undefined
}

export const NO_CROSSHAIR: Crosshair = { index: undefined, series: undefined, anchor: undefined }
/** With Shift, arrows go so many steps. */
const JUMP_STEPS = 10

interface Press {
  readonly key: string
  readonly shiftKey: boolean
}

/**
 * What a key does with a crosshair: arrows, Home and End move it, ↑ and ↓ choose the series, Space begins a region or drops it,
 * Escape drops first the region, then the crosshair.
 * @returns `menu` for ↵, undefined for keys that are not the chart's
 */
export function afterKey(
  now: Crosshair,
  { key, shiftKey }: Press,
  frame: TimeSeriesFrame,
): Crosshair | 'menu' | undefined {
  const last = frame.timesSeconds.length - 1
  if (last < 0) return undefined
  const { index, anchor } = now
  const by = shiftKey ? JUMP_STEPS : 1
  const to = (step: number): Crosshair => ({ ...now, index: Math.max(0, Math.min(last, step)) })
  switch (key) {
    case 'ArrowLeft':
      return to(index === undefined ? last : index - by)
    case 'ArrowRight':
      return to(index === undefined ? last : index + by)
    case 'Home':
      return to(0)
    case 'End':
      return to(last)
    case 'ArrowUp':
      return { ...to(index ?? last), series: seriesBeside(now, frame, -1) }
    case 'ArrowDown':
      return { ...to(index ?? last), series: seriesBeside(now, frame, 1) }
    case ' ':
      return index === undefined
        ? to(last)
        : { ...now, anchor: anchor === undefined ? frame.timesSeconds[index] : undefined }
    case 'Enter':
      return index === undefined ? to(last) : 'menu'
    case 'Escape':
      if (anchor !== undefined) return { ...now, anchor: undefined }
      return index === undefined ? undefined : NO_CROSSHAIR
    default:
      return undefined
  }
}

/** The key of the series that a crosshair is about. */
export function seriesOf({ series }: Crosshair, frame: TimeSeriesFrame): string | undefined {
  const visible = frame.series.filter(({ key }) => !frame.hidden.has(key))
  return (visible.find(({ key }) => key === series) ?? visible[0])?.key
}

function seriesBeside(now: Crosshair, frame: TimeSeriesFrame, by: 1 | -1): string | undefined {
  const keys = frame.series.map(({ key }) => key).filter((key) => !frame.hidden.has(key))
  const at = keys.indexOf(seriesOf(now, frame) ?? '')
  return keys.at((at + by) % Math.max(1, keys.length))
}

/** The crosshair in words, for people who do not see it. */
export function crosshairText(crosshair: Crosshair, frame: TimeSeriesFrame): string {
  const { index, anchor } = crosshair
  const seconds = index === undefined ? undefined : frame.timesSeconds[index]
  if (index === undefined || seconds === undefined) return ''
  const time = (at: number) => formatInstant(at * 1_000, frame.zone).slice(11, 19)
  const key = seriesOf(crosshair, frame)
  const one = frame.series.find((series) => series.key === key)
  const value = one?.values[index] ?? undefined
  const shown =
    one === undefined ? '' : ` ${one.label}: ${value === undefined ? 'no value' : formatValue(value, frame.unit)}`
  const region = anchor === undefined ? '' : `Selected from ${time(anchor)}. `
  return `${region}${time(seconds)}${shown}`
}
