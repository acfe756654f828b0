import { unreachable } from '@vantage/model'
import type { NamedValue } from '../evaluate/search.ts'
import { plainText } from '../evaluate/value-text.ts'
import type { ComparisonOp, MathOp, SecondStage } from '../language/syntax.ts'
import { METRIC_NAME, type MetricSeries, seriesKey } from './series.ts'

export function applySecond(stages: readonly SecondStage[], series: readonly MetricSeries[]): readonly MetricSeries[] {
  return stages.reduce(
    (current, stage) => (stage.kind === 'top' ? topSeries(stage.op, stage.count, current) : keepValues(stage, current)),
    series,
  )
}

/** At each interval the largest or smallest values; of equal ones the first by labels. Series without any are dropped. */
function topSeries(op: 'topk' | 'bottomk', count: number, series: readonly MetricSeries[]): MetricSeries[] {
  const sign = op === 'topk' ? -1 : 1
  const ordered = [...series].sort((a, b) => compareTexts(seriesKey(a.labels), seriesKey(b.labels)))
  const kept = ordered.map(({ values }) => new Float64Array(values.length).fill(Number.NaN))
  const steps = ordered[0]?.values.length ?? 0
  for (let step = 0; step < steps; step++) {
    const valueAt = (place: number): number => ordered[place]?.values[step] ?? Number.NaN
    ordered
      .map((_, place) => place)
      .filter((place) => !Number.isNaN(valueAt(place)))
      .sort((a, b) => sign * (valueAt(a) - valueAt(b)) || a - b)
      .slice(0, count)
      .forEach((place) => {
        ;(kept[place] as Float64Array)[step] = valueAt(place)
      })
  }
  return withValues(ordered.map((one, i) => ({ ...one, values: kept[i] as Float64Array })))
}

function keepValues(
  { op, than }: Extract<SecondStage, { kind: 'keep' }>,
  series: readonly MetricSeries[],
): MetricSeries[] {
  return withValues(
    series.map((one) => ({ ...one, values: one.values.map((value) => (holds(op, value, than) ? value : Number.NaN)) })),
  )
}

function withValues(series: readonly MetricSeries[]): MetricSeries[] {
  return series
    .filter(({ values }) => values.some((value) => !Number.isNaN(value)))
    .map((one) => ({ ...one, exemplars: one.exemplars.filter(({ step }) => !Number.isNaN(one.values[step])) }))
}

function holds(op: ComparisonOp, value: number, than: number): boolean {
  switch (op) {
    case '=':
      return value === than
    case '!=':
      return !Number.isNaN(value) && value !== than
    case '<':
      return value < than
    case '<=':
      return value <= than
    case '>':
      return value > than
    case '>=':
      return value >= than
    default:
      return unreachable(op)
  }
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/**
 * Joins series with equal labels; one without labels goes with every one of the other side. What finds no partner is
 * dropped. No value counts as zero; a division by zero gives none.
 * Source: grafana/tempo pkg/traceql/SPECS.md, sections 5 and 6.
 */
export function joinSeries(op: MathOp, left: readonly MetricSeries[], right: readonly MetricSeries[]): MetricSeries[] {
  const [leftByKey, rightByKey] = [left, right].map(
    (side) => new Map(side.map((series) => [seriesKey(series.labels), series])),
  ) as [Map<string, MetricSeries>, Map<string, MetricSeries>]
  const target = rightByKey.has('') ? leftByKey : rightByKey
  const out: MetricSeries[] = []
  for (const key of target.keys()) {
    const a = leftByKey.get(key) ?? leftByKey.get('')
    const b = rightByKey.get(key) ?? rightByKey.get('')
    if (a === undefined || b === undefined) continue
    const values = a.values.map((value, step) => calculate(op, orZero(value), orZero(b.values[step] as number)))
    out.push({ labels: joinLabels(op, a.labels, b.labels), values, exemplars: [...a.exemplars, ...b.exemplars] })
  }
  return out
}

export function withNumber(
  op: MathOp,
  number: number,
  isNumberLeft: boolean,
  series: readonly MetricSeries[],
): MetricSeries[] {
  return series.map((one) => ({
    ...one,
    values: one.values.map((value) => (isNumberLeft ? calculate(op, number, value) : calculate(op, value, number))),
  }))
}

function orZero(value: number): number {
  return Number.isNaN(value) ? 0 : value
}

function calculate(op: MathOp, left: number, right: number): number {
  switch (op) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      return right === 0 ? Number.NaN : left / right
    default:
      return unreachable(op)
  }
}

/** Names are joined where both sides have one, and dropped otherwise. */
function joinLabels(op: MathOp, left: readonly NamedValue[], right: readonly NamedValue[]): NamedValue[] {
  const [leftName, rightName] = [left, right].map((labels) => labels.find(({ name }) => name === METRIC_NAME))
  const others = left.filter(({ name }) => name !== METRIC_NAME)
  for (const label of right) {
    if (label.name !== METRIC_NAME && !others.some(({ name }) => name === label.name)) others.push(label)
  }
  if (leftName === undefined || rightName === undefined) return others
  const name = `(${plainText(leftName.value)} ${op} ${plainText(rightName.value)})`
  return [{ name: METRIC_NAME, value: { kind: 'string', value: name } }, ...others]
}
