import type { QueryAnswer } from '@vantage/api/client'
import type { Unit } from '@vantage/charts'
import { METRIC_NAME } from '@vantage/model'
import type { TablePanel } from '@vantage/model/dashboards'
import { UNITS } from './units.ts'

/** Last values of several queries side by side: a row for each set of labels. */
export interface ValueTable {
  /** Labels that tell rows apart. */
  readonly labels: readonly string[]
  readonly columns: readonly { readonly name: string; readonly unit: Unit }[]
  readonly rows: readonly ValueRow[]
  readonly rowsLeftOut: number
}

export interface ValueRow {
  readonly key: string
  readonly labels: readonly string[]
  /** In the order of the columns; NaN where a query gave none. */
  readonly values: readonly number[]
}

/** Rows by their first value, the largest first. */
export function valueTable(panel: TablePanel, answers: readonly QueryAnswer[]): ValueTable {
  const found = answers.map(({ data }) => (data.kind === 'vector' ? data.samples : []))
  const all = found.flat()
  const names = [...new Set(all.flatMap(({ metric }) => Object.keys(metric)))].filter((name) => name !== METRIC_NAME)
  const labels = names.filter((name) => all.some(({ metric }) => (metric[name] ?? '') !== '')).sort()
  const rows = new Map<string, { readonly labels: string[]; readonly values: number[] }>()
  found.forEach((samples, column) => {
    for (const { metric, value } of samples) {
      const texts = labels.map((name) => metric[name] ?? '')
      const key = JSON.stringify(texts)
      const row = rows.get(key) ?? { labels: texts, values: answers.map(() => Number.NaN) }
      row.values[column] = value
      rows.set(key, row)
    }
  })
  const rank = (value: number | undefined) =>
    value === undefined || Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value
  const sorted = [...rows]
    .map(([key, row]) => ({ key, ...row }))
    .sort((a, b) => rank(b.values[0]) - rank(a.values[0]) || (a.key < b.key ? -1 : 1))
  return {
    labels,
    columns: panel.queries.map(({ legend, text }, i) => ({
      name: legend === '' ? text : legend,
      unit: UNITS[panel.units[i] ?? panel.unit],
    })),
    rows: sorted.slice(0, panel.rows),
    rowsLeftOut: Math.max(0, sorted.length - panel.rows),
  }
}
