import type { LiveChart } from './live-chart.ts'
import type { LineFigures } from './worker-messages.ts'

/** What is known of a host (label `instance`) from what it sends. */
export interface HostRow {
  readonly series: number
  /** Since its newest sample; Infinity where it has sent none. */
  readonly silentMs: number
}

/** By name; '' is all of them. */
export function hostRows(
  charts: readonly LiveChart[],
  figures: ReadonlyMap<string, LineFigures>,
  nowMs: number,
): ReadonlyMap<string, HostRow> {
  const rows = new Map<string, HostRow>()
  const add = (host: string, silentMs: number) => {
    const { series, silentMs: known } = rows.get(host) ?? { series: 0, silentMs: Number.POSITIVE_INFINITY }
    rows.set(host, { series: series + 1, silentMs: Math.min(known, silentMs) })
  }
  for (const { key, labels } of charts.flatMap(({ lines }) => lines)) {
    const silentMs = nowMs - (figures.get(key)?.lastMs ?? Number.NEGATIVE_INFINITY)
    add('', silentMs)
    if (labels['instance']) add(labels['instance'], silentMs)
  }
  return rows
}
