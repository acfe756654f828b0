import {
  type MetricReader,
  type NameCount,
  type QueryBudget,
  type SeriesScan,
  type TenantId,
  unreachable,
} from '@vantage/model'
import type { AnswerWriter } from '../answer-writer.ts'

/** How many series there are, and what makes them many, as plain data. */
export interface CardinalityJob {
  readonly kind: 'cardinality'
  readonly answer: 'label_names' | 'label_values' | 'active_series'
  /** Which series are counted; absent, for `label_names` only: all that the index in memory knows. */
  readonly scan: SeriesScan | undefined
  /** Of `label_values`: the labels whose values are counted. */
  readonly labels: readonly string[]
  readonly limit: number
}

/** Series of each value of each label, counted in one walk. */
type Counts = ReadonlyMap<string, ReadonlyMap<string, number>>

/** Source: Grafana Mimir HTTP API, "Label names cardinality", "Label values cardinality", "Active series". */
export function cardinalityAnswer(
  out: AnswerWriter,
  job: CardinalityJob,
  tenant: TenantId,
  reader: MetricReader,
  budget: QueryBudget,
): void {
  const { answer, scan, limit } = job
  switch (answer) {
    case 'label_names':
      out.text(JSON.stringify(namesAnswer(valueCounts(scan, tenant, reader, budget), limit)))
      break
    case 'label_values':
      out.text(JSON.stringify(valuesAnswer(job, tenant, reader, budget)))
      break
    case 'active_series':
      writeActive(out, scan as SeriesScan, tenant, reader, budget)
      break
    default:
      unreachable(answer)
  }
}

/** Values of each label. */
function valueCounts(
  scan: SeriesScan | undefined,
  tenant: TenantId,
  reader: MetricReader,
  budget: QueryBudget,
): readonly NameCount[] {
  if (scan === undefined) return reader.cardinality(tenant, Number.POSITIVE_INFINITY).labelValueCountByLabelName
  const { counts } = countSeries(scan, undefined, tenant, reader, budget)
  return largest([...counts].map(([name, values]) => ({ name, value: values.size })))
}

function namesAnswer(counts: readonly NameCount[], limit: number): unknown {
  return {
    label_values_count_total: counts.reduce((total, { value }) => total + value, 0),
    label_names_count: counts.length,
    cardinality: counts.slice(0, limit).map(({ name, value }) => ({ label_name: name, label_values_count: value })),
  }
}

function valuesAnswer(
  { scan, labels, limit }: CardinalityJob,
  tenant: TenantId,
  reader: MetricReader,
  budget: QueryBudget,
): unknown {
  const { total, counts } = countSeries(scan as SeriesScan, labels, tenant, reader, budget)
  const shown = [...counts].map(([label_name, byValue]) => {
    const values = largest([...byValue].map(([name, value]) => ({ name, value })))
    return {
      label_name,
      label_values_count: values.length,
      series_count: values.reduce((sum, { value }) => sum + value, 0),
      cardinality: values.slice(0, limit).map(({ name, value }) => ({ label_value: name, series_count: value })),
    }
  })
  shown.sort((a, b) => b.series_count - a.series_count || (a.label_name < b.label_name ? -1 : 1))
  return { series_count_total: total, labels: shown }
}

/** @param wanted the labels to count; undefined = all */
function countSeries(
  scan: SeriesScan,
  wanted: readonly string[] | undefined,
  tenant: TenantId,
  reader: MetricReader,
  budget: QueryBudget,
): { readonly total: number; readonly counts: Counts } {
  const counts = new Map<string, Map<string, number>>((wanted ?? []).map((name) => [name, new Map()]))
  const selection = reader.select(tenant, scan, budget)
  for (let i = 0; i < selection.count; i++) {
    budget.check()
    const labels = selection.labels(i)
    for (let at = 0; at < labels.length; at += 2) {
      const name = labels[at] as string
      const value = labels[at + 1] as string
      let byValue = counts.get(name)
      if (byValue === undefined) {
        if (wanted !== undefined) continue
        byValue = new Map()
        counts.set(name, byValue)
      }
      const known = byValue.get(value)
      if (known === undefined) budget.chargeBytes(value.length * 2)
      byValue.set(value, (known ?? 0) + 1)
    }
  }
  return { total: selection.count, counts }
}

function largest(counts: NameCount[]): NameCount[] {
  return counts.sort((a, b) => b.value - a.value || (a.name < b.name ? -1 : 1))
}

function writeActive(
  out: AnswerWriter,
  scan: SeriesScan,
  tenant: TenantId,
  reader: MetricReader,
  budget: QueryBudget,
): void {
  const selection = reader.select(tenant, scan, budget)
  out.raw('{"data":[')
  for (let i = 0; i < selection.count; i++) {
    budget.check()
    if (i > 0) out.raw(',')
    out.labels(selection.labels(i))
  }
  out.raw(']}')
}
