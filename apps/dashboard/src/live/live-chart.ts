import type { LabelRecord } from '@vantage/api/client'
import { assignSlots, STRIP_SERIES_MAX, shownText, type Unit } from '@vantage/charts'
import { shortLabels } from '../explore/series-label.ts'

/** One series that is received, drawn or not; its samples lie in the worker. */
export interface LiveLine {
  readonly key: string
  readonly labels: LabelRecord
}

/** All series of one metric: what a card draws. It is never changed: a line more makes another chart. */
export interface LiveChart {
  readonly metric: string
  readonly unit: Unit
  readonly isRate: boolean
  readonly lines: readonly LiveLine[]
}

/** A line as it is drawn and listed. */
export interface ShownLine {
  readonly key: string
  readonly label: string
  readonly slot: number
}

/** The lines of a host (label `instance`), or all. */
export function linesOf({ lines }: LiveChart, host: string): readonly LiveLine[] {
  return host === '' ? lines : lines.filter(({ labels }) => labels['instance'] === host)
}

/** The lines of a host, or all; only the first ten are drawn. */
export function shownLines(
  chart: LiveChart,
  host: string,
): { readonly lines: readonly ShownLine[]; readonly leftOut: number } {
  const lines = linesOf(chart, host)
  const drawn = lines.slice(0, STRIP_SERIES_MAX)
  const only = drawn.length === 1 ? drawn[0] : undefined
  const labels = only === undefined ? shortLabels(drawn.map((line) => line.labels)) : [originOf(only.labels)]
  const slots = assignSlots(drawn.map((line) => line.key))
  const shown = drawn.map(({ key }, i) => ({ key, label: labels[i] as string, slot: slots[i] as number }))
  return { lines: shown, leftOut: lines.length - drawn.length }
}

/** The title names the metric already; a line that is alone is named by where it comes from. */
function originOf(labels: LabelRecord): string {
  return shownText(labels['instance'] ?? labels['service_name'] ?? labels['job'] ?? 'value')
}
