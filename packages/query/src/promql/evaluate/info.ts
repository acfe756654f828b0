import { compileMatcher, type Labels, labelsKey, labelValue, type Matcher, METRIC_NAME } from '@vantage/model'
import { executionFault } from '../language/fault.ts'
import type { InfoPlan, SelectPlan } from '../plan/plan.ts'
import type { EvaluationContext } from './context.ts'
import type { Grid } from './grid.ts'
import { labelSetText, mergeRows, newRow, type Row, setHistogram, withLabel, withoutEmpty } from './rows.ts'
import { sampleTimeRows } from './series.ts'

/** The info metric where the query names none, and where it only says which not to take. */
const TARGET_INFO: Matcher = { name: METRIC_NAME, op: '=', value: 'target_info' }
const ANY_INFO: Matcher = { name: METRIC_NAME, op: '=~', value: '.+_info' }

/** Labels by which a series and its info metrics know each other. */
const IDENTIFYING_LABELS = ['instance', 'job'] as const

/**
 * Joins labels of info metrics into series of the same instance and job, step by step: of several info series of
 * one metric the one with the newest sample counts. Source: prometheus/prometheus promql/info.go.
 */
export function joinInfo(context: EvaluationContext, plan: InfoPlan, rows: Row[], grid: Grid): Row[] {
  const filters = new InfoFilters(plan.matchers)
  const enriched = rows.filter((row) => !filters.isInfoMetric(labelValue(row.labels, METRIC_NAME)))
  const ignored = rows.filter((row) => !enriched.includes(row))
  const infoRows = enriched.length === 0 ? [] : selectInfo(context, plan, enriched, filters, grid)
  const byIdentity = groupInfo(infoRows)
  const out: Row[] = [...ignored]
  for (const row of enriched) {
    context.budget.check()
    out.push(...enrich(context, row, byIdentity.get(identityOf(row.labels)) ?? [], filters))
  }
  return mergeRows(withoutEmpty(out))
}

class InfoFilters {
  readonly #names: ((value: string) => boolean)[] = []
  readonly #data = new Map<string, ((value: string) => boolean)[]>()
  readonly matchers: readonly Matcher[]

  constructor(matchers: readonly Matcher[]) {
    const names = matchers.filter((one) => one.name === METRIC_NAME)
    const isPinned = names.some((one) => one.op === '=' || one.op === '=~')
    this.matchers = isPinned ? matchers : [...matchers, names.length === 0 ? TARGET_INFO : ANY_INFO]
    for (const matcher of this.matchers) {
      const compiled = compileMatcher(matcher)
      if (!compiled.ok) throw executionFault(compiled.error.message)
      const { matches } = compiled.value
      if (matcher.name === METRIC_NAME) this.#names.push(matches)
      else this.#data.set(matcher.name, [...(this.#data.get(matcher.name) ?? []), matches])
    }
  }

  /** Series that are info metrics themselves are left as they are. */
  isInfoMetric(name: string): boolean {
    return this.#names.every((matches) => matches(name))
  }

  /** Without label matchers all data labels are joined, else those that are named. */
  joins(label: string): boolean {
    return label !== METRIC_NAME && (this.#data.size === 0 || this.#data.has(label))
  }

  get acceptsNothing(): boolean {
    return [...this.#data.values()].every((all) => all.every((matches) => matches('')))
  }
}

/** Rows of sample times: which info series is newest at each step. */
function selectInfo(
  context: EvaluationContext,
  plan: InfoPlan,
  rows: readonly Row[],
  filters: InfoFilters,
  grid: Grid,
): Row[] {
  const matchers: Matcher[] = [...filters.matchers]
  for (const name of IDENTIFYING_LABELS) {
    const values = new Set(rows.map((row) => labelValue(row.labels, name)).filter((value) => value !== ''))
    if (values.size > 0) matchers.push({ name, op: '=~', value: [...values].map(quoteRegex).join('|') })
  }
  if (matchers.length === filters.matchers.length) return []
  const { shift } = plan
  const select: SelectPlan = {
    kind: 'select',
    matchers,
    shift: { atMs: shift.atMs, offsetMs: shift.atMs === undefined ? 0 : shift.offsetMs },
    extended: undefined,
    detectsResets: false,
    expr: plan.expr,
    isInvariant: false,
  }
  return sampleTimeRows(context, select, grid)
}

function quoteRegex(text: string): string {
  return text.replaceAll(/[\\.+*?()|[\]{}^$]/g, '\\$&')
}

function identityOf(labels: Labels): string {
  return IDENTIFYING_LABELS.map((name) => JSON.stringify(labelValue(labels, name))).join()
}

function groupInfo(rows: readonly Row[]): Map<string, Row[]> {
  const byIdentity = new Map<string, Row[]>()
  for (const row of rows) {
    const key = identityOf(row.labels)
    byIdentity.set(key, [...(byIdentity.get(key) ?? []), row])
  }
  return byIdentity
}

/** The joined labels may change over time, so one series can come out as several. */
function enrich(context: EvaluationContext, row: Row, infoRows: readonly Row[], filters: InfoFilters): Row[] {
  const byKey = new Map<string, Row>()
  for (let step = 0; step < row.values.length; step++) {
    if (row.present[step] === 0) continue
    const newest = newestAt(infoRows, step)
    if (newest.length === 0 && !filters.acceptsNothing) continue
    const labels = joinLabels(row.labels, newest, filters)
    const key = labelsKey(labels)
    let out = byKey.get(key)
    if (out === undefined) {
      out = newRow(context, labels, row.dropName, row.values.length)
      byKey.set(key, out)
    }
    const histogram = row.histograms?.[step]
    if (histogram !== undefined) {
      setHistogram(context, out, step, histogram)
      continue
    }
    out.present[step] = 1
    out.values[step] = row.values[step] as number
  }
  return [...byKey.values()]
}

/** Per info metric the series with the newest sample. */
function newestAt(infoRows: readonly Row[], step: number): Row[] {
  const byName = new Map<string, Row>()
  for (const row of infoRows) {
    if (row.present[step] === 0) continue
    if (row.histograms?.[step] !== undefined) {
      throw executionFault(`an info metric has float samples, got a histogram of ${labelSetText(row.labels)}`)
    }
    const name = labelValue(row.labels, METRIC_NAME)
    const other = byName.get(name)
    const timeSeconds = row.values[step] as number
    const otherSeconds = other?.values[step] ?? -Infinity
    if (other !== undefined && otherSeconds === timeSeconds) {
      const pair = `existing ${labelSetText(other.labels)}, new ${labelSetText(row.labels)}`
      throw executionFault(`found duplicate series for info metric: ${pair} @ ${timeSeconds}`)
    }
    if (otherSeconds < timeSeconds) byName.set(name, row)
  }
  return [...byName.values()]
}

function joinLabels(base: Labels, infoRows: readonly Row[], filters: InfoFilters): Labels {
  const joined = new Map<string, string>()
  for (const { labels } of infoRows) {
    for (let i = 0; i < labels.length; i += 2) {
      const name = labels[i] as string
      const value = labels[i + 1] as string
      if (!filters.joins(name)) continue
      const before = joined.get(name)
      if (before !== undefined && before !== value) throw executionFault(`conflicting label: ${name}`)
      if (labelValue(base, name) === '') joined.set(name, value)
    }
  }
  let out = base
  for (const [name, value] of joined) out = withLabel(out, name, value)
  return out
}
