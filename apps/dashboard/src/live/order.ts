import type { LiveSort } from './live-url.ts'

interface Sortable {
  readonly metric: string
  lastValue(): number
  change(): number
}

/**
 * The order of cards. Pinned ones come first in the order of their pins. `frozen` is the order that was
 * asked for last: cards stay there, new ones follow by name, so nothing jumps while data streams.
 */
export function orderedCharts<T extends Sortable>(
  charts: readonly T[],
  pinned: readonly string[],
  frozen: readonly string[],
): T[] {
  const place = new Map(frozen.map((metric, i) => [metric, i]))
  const pin = new Map(pinned.map((metric, i) => [metric, i]))
  const rank = (chart: T) => pin.get(chart.metric) ?? 1_000 + (place.get(chart.metric) ?? 1_000_000)
  return [...charts].sort((a, b) => rank(a) - rank(b) || (a.metric < b.metric ? -1 : 1))
}

/** Takes the order of this moment. */
export function sortNow<T extends Sortable>(charts: readonly T[], sort: LiveSort): string[] {
  const by = {
    name: (a: T, b: T) => (a.metric < b.metric ? -1 : 1),
    value: (a: T, b: T) => b.lastValue() - a.lastValue(),
    change: (a: T, b: T) => b.change() - a.change(),
  }[sort]
  return [...charts].sort(by).map((chart) => chart.metric)
}
