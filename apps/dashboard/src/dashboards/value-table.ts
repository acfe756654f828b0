import type { LabelRecord, QueryAnswer } from '@vantage/api/client'
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
  readonly sort: TableSort | undefined
  readonly rowsLeftOut: number
}

export interface ValueRow {
  readonly key: string
  readonly labels: readonly string[]
  /** In the order of the columns; NaN where a query gave none. */
  readonly values: readonly number[]
}

/** What a table is sorted by. */
export interface TableSort {
  /** `l.NAME` of a label, `v.2` of the third query. */
  readonly column: string
  readonly isDescending: boolean
}

/** What a click on the head of a column asks for: numbers begin with the largest, words with the first; a third click takes it back. */
export function sortAfter(sort: TableSort | undefined, column: string): TableSort | undefined {
  const isDescending = column.startsWith('v.')
  if (sort?.column !== column) return { column, isDescending }
  return sort.isDescending === isDescending ? { column, isDescending: !isDescending } : undefined
}

const WORDS = new Intl.Collator('en', { numeric: true })

function orderOf(sort: TableSort | undefined, labels: readonly string[]): (a: ValueRow, b: ValueRow) => number {
  const isKnown = sort !== undefined && (sort.column.startsWith('v.') || labels.includes(sort.column.slice(2)))
  const { column, isDescending } = isKnown ? sort : { column: 'v.0', isDescending: true }
  const direction = isDescending ? -1 : 1
  const byKey = (a: ValueRow, b: ValueRow) => (a.key < b.key ? -1 : 1)
  const label = column.startsWith('l.') ? labels.indexOf(column.slice(2)) : -1
  if (label >= 0)
    return (a, b) => direction * WORDS.compare(a.labels[label] ?? '', b.labels[label] ?? '') || byKey(a, b)
  const at = Number(column.slice(2))
  return (a, b) => {
    const [x, y] = [a.values[at] ?? Number.NaN, b.values[at] ?? Number.NaN]
    // Those without a value stand last, whatever the order.
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || byKey(a, b)
    return direction * (x - y) || byKey(a, b)
  }
}

/** Last values. A query over time, as LogQL's, gives the last of each series. */
export function lastValues({ data }: QueryAnswer): { readonly labels: LabelRecord; readonly value: number }[] {
  if (data.kind === 'vector') return data.samples.map(({ metric, value }) => ({ labels: metric, value }))
  if (data.kind === 'scalar') return [{ labels: {}, value: data.value }]
  if (data.kind !== 'matrix') return []
  return data.series.map(({ metric, values }) => ({ labels: metric, value: values.at(-1) ?? Number.NaN }))
}

/** Rows by what is chosen, else by their first value, the largest first. */
export function valueTable(panel: TablePanel, answers: readonly QueryAnswer[], sort?: TableSort): ValueTable {
  const found = answers.map(lastValues)
  const all = found.flat()
  const names = [...new Set(all.flatMap((one) => Object.keys(one.labels)))].filter((name) => name !== METRIC_NAME)
  const labels = names.filter((name) => all.some((one) => (one.labels[name] ?? '') !== '')).sort()
  const rows = new Map<string, { readonly labels: string[]; readonly values: number[] }>()
  found.forEach((samples, column) => {
    for (const { labels: own, value } of samples) {
      const texts = labels.map((name) => own[name] ?? '')
      const key = JSON.stringify(texts)
      const row = rows.get(key) ?? { labels: texts, values: answers.map(() => Number.NaN) }
      row.values[column] = value
      rows.set(key, row)
    }
  })
  const sorted = [...rows].map(([key, row]) => ({ key, ...row })).sort(orderOf(sort, labels))
  return {
    labels,
    sort,
    columns: panel.queries.map(({ legend, text }, i) => ({
      name: legend === '' ? text : legend,
      unit: UNITS[panel.units[i] ?? panel.unit],
    })),
    rows: sorted.slice(0, panel.rows),
    rowsLeftOut: Math.max(0, sorted.length - panel.rows),
  }
}
