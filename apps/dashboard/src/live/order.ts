import type { LiveChart } from './live-chart.ts'
import type { LiveSort } from './live-url.ts'
import type { LineFigures } from './worker-messages.ts'

/**
 * The order of cards. Pinned ones come first in the order of their pins. `frozen` is the order that was
 * asked for last: cards stay there, new ones follow by name, so nothing jumps while data streams.
 */
export function orderedCharts<T extends Pick<LiveChart, 'metric'>>(
  charts: readonly T[],
  pinned: readonly string[],
  frozen: readonly string[],
): T[] {
  const place = new Map(frozen.map((metric, i) => [metric, i]))
  const pin = new Map(pinned.map((metric, i) => [metric, i]))
  const rank = (chart: T) => pin.get(chart.metric) ?? 1_000 + (place.get(chart.metric) ?? 1_000_000)
  return [...charts].sort((a, b) => rank(a) - rank(b) || (a.metric < b.metric ? -1 : 1))
}

/** Takes the order of this moment. @param figures of all lines by their keys */
export function sortNow(
  charts: readonly LiveChart[],
  figures: ReadonlyMap<string, LineFigures>,
  sort: LiveSort,
): string[] {
  const rank = { name: () => 0, value: largestValue, change: largestChange, oddness: largestOddness }[sort]
  return charts
    .map(({ metric, lines }) => ({
      metric,
      rank: rank(lines.flatMap(({ key }) => figures.get(key) ?? [])),
    }))
    .sort((a, b) => (b.rank === a.rank ? 0 : b.rank - a.rank) || (a.metric < b.metric ? -1 : 1))
    .map(({ metric }) => metric)
}

function largestValue(lines: readonly LineFigures[]): number {
  let largest = Number.NEGATIVE_INFINITY
  for (const { value } of lines) if (value > largest) largest = value
  return largest
}

/** The largest relative change over what is kept. */
function largestChange(lines: readonly LineFigures[]): number {
  let largest = 0
  for (const { value, first } of lines) {
    const size = Math.max(Math.abs(first), Math.abs(value))
    if (size > 0) largest = Math.max(largest, Math.abs(value - first) / size)
  }
  return largest
}

function largestOddness(lines: readonly LineFigures[]): number {
  return Math.max(0, ...lines.map(({ oddness }) => oddness))
}
