import { assert, type Labels, labelsKey, labelValue, METRIC_NAME } from '@vantage/model'
import type { EvaluationContext } from '../evaluate/context.ts'
import { stepTimeMs } from '../evaluate/grid.ts'
import { dropNames, newRow, type Row, type Value, withLabel, withoutEmpty, withoutLabels } from '../evaluate/rows.ts'
import type { Span } from '../language/fault.ts'
import { executionFault } from '../language/fault.ts'
import { formatOpenMetricsFloat, parseFloatText } from '../language/number.ts'
import { isValidLabelName, quoteText } from '../language/text.ts'
import { type Bucket, bucketFraction, bucketQuantile, makeMonotonic, normalizeBuckets } from './buckets.ts'
import { type FunctionCall, type FunctionImplementation, rowsOf, scalarOf, textOf } from './function.ts'

export type HistogramName =
  | 'histogram_avg'
  | 'histogram_count'
  | 'histogram_fraction'
  | 'histogram_quantile'
  | 'histogram_quantiles'
  | 'histogram_stddev'
  | 'histogram_stdvar'
  | 'histogram_sum'

/** These read native histograms; float samples give no result. */
const nativeOnly: FunctionImplementation = { kind: 'vector', evaluate: () => ({ kind: 'vector', rows: [] }) }

export const HISTOGRAM_FUNCTIONS: Readonly<Record<HistogramName, FunctionImplementation>> = {
  histogram_avg: nativeOnly,
  histogram_count: nativeOnly,
  histogram_stddev: nativeOnly,
  histogram_stdvar: nativeOnly,
  histogram_sum: nativeOnly,
  histogram_fraction: { kind: 'vector', evaluate: fraction },
  histogram_quantile: { kind: 'vector', evaluate: quantile },
  histogram_quantiles: { kind: 'vector', evaluate: quantiles },
}

const BUCKET_LABEL = 'le'
const BUCKET_LABELS: ReadonlySet<string> = new Set([BUCKET_LABEL])

/** The bucket series of one classic histogram, at least one. */
interface ClassicHistogram {
  readonly labels: Labels
  readonly dropName: boolean
  readonly bounds: number[]
  readonly rows: Row[]
}

/** Groups rows by their labels but `le`; rows whose `le` is no number are left out with a warning. */
function groupBuckets(context: EvaluationContext, rows: readonly Row[], span: Span): ClassicHistogram[] {
  const byKey = new Map<string, ClassicHistogram>()
  for (const row of rows) {
    const le = labelValue(row.labels, BUCKET_LABEL)
    const bound = parseFloatText(le)
    if (bound === undefined) {
      context.annotations.badBucketLabel(labelValue(row.labels, METRIC_NAME), le, span)
      continue
    }
    const labels = withoutLabels(row.labels, BUCKET_LABELS)
    const key = labelsKey(labels)
    let histogram = byKey.get(key)
    if (histogram === undefined) {
      histogram = { labels, dropName: row.dropName, bounds: [], rows: [] }
      byKey.set(key, histogram)
    }
    histogram.bounds.push(bound)
    histogram.rows.push(row)
  }
  return [...byKey.values()]
}

/** The buckets that have a count at this step, normalized; undefined where there are none. */
function bucketsAt(histogram: ClassicHistogram, step: number): Bucket[] | undefined {
  const buckets: Bucket[] = []
  histogram.rows.forEach((row, i) => {
    if (row.present[step] === 1) {
      buckets.push({ upperBound: histogram.bounds[i] as number, count: row.values[step] as number })
    }
  })
  return buckets.length === 0 ? undefined : normalizeBuckets(buckets)
}

/** Monotonic buckets; what had to be changed is noted once per place. */
function monotonicAt(call: FunctionCall, histogram: ClassicHistogram, step: number, span: Span): Bucket[] | undefined {
  const buckets = bucketsAt(histogram, step)
  if (buckets === undefined || buckets.at(-1)?.upperBound !== Infinity) return buckets
  const correction = makeMonotonic(buckets)
  if (correction !== undefined) {
    const { annotations, options } = call.context
    const metric = options.delayedNameRemoval ? labelValue(histogram.labels, METRIC_NAME) : ''
    annotations.forcedMonotonicity(metric, stepTimeMs(call.grid, step), correction, span)
  }
  return buckets
}

function spanOf(call: FunctionCall, index: number): Span {
  const plan = call.plan.args[index]
  assert(plan !== undefined, `argument ${index} of ${call.plan.name} exists after the check`)
  return plan.expr
}

function warnQuantiles(call: FunctionCall, index: number): Float64Array {
  const values = scalarOf(call, index)
  for (const value of values) {
    if (!(value >= 0 && value <= 1)) call.context.annotations.invalidQuantile(value, spanOf(call, index))
  }
  return values
}

function quantile(call: FunctionCall): Value {
  const wanted = warnQuantiles(call, 0)
  const span = spanOf(call, 1)
  const out = groupBuckets(call.context, rowsOf(call, 1), span).map((histogram) => {
    return quantileRow(call, histogram, wanted, span, histogram.labels)
  })
  return { kind: 'vector', rows: dropNames(call.context, withoutEmpty(out)) }
}

function quantileRow(
  call: FunctionCall,
  histogram: ClassicHistogram,
  wanted: Float64Array,
  span: Span,
  labels: Labels,
): Row {
  const row = newRow(call.context, labels, true, call.grid.steps)
  for (let step = 0; step < call.grid.steps; step++) {
    call.context.tick(histogram.rows.length)
    const buckets = monotonicAt(call, histogram, step, span)
    if (buckets === undefined) continue
    row.present[step] = 1
    row.values[step] = bucketQuantile(wanted[step] as number, buckets)
  }
  return row
}

/** One series per quantile, told apart by the label that the query names. */
function quantiles(call: FunctionCall): Value {
  const label = textOf(call, 1)
  if (!isValidLabelName(label)) throw executionFault(`invalid label name ${quoteText(label)}`)
  const wanted = call.args.slice(2).map((_, i) => warnQuantiles(call, i + 2))
  const span = spanOf(call, 0)
  const histograms = groupBuckets(call.context, rowsOf(call, 0), span)
  const out: Row[] = []
  for (const values of wanted) {
    for (const histogram of histograms) out.push(...quantileRows(call, histogram, values, label, span))
  }
  return { kind: 'vector', rows: dropNames(call.context, out) }
}

/** A quantile may change from step to step, and with it the label. */
function quantileRows(
  call: FunctionCall,
  histogram: ClassicHistogram,
  values: Float64Array,
  label: string,
  span: Span,
): Row[] {
  const all = quantileRow(call, histogram, values, span, histogram.labels)
  const byQuantile = new Map<string, Row>()
  for (let step = 0; step < call.grid.steps; step++) {
    if (all.present[step] === 0) continue
    const text = formatOpenMetricsFloat(values[step] as number)
    let row = byQuantile.get(text)
    if (row === undefined) {
      row = newRow(call.context, withLabel(histogram.labels, label, text), true, call.grid.steps)
      byQuantile.set(text, row)
    }
    row.present[step] = 1
    row.values[step] = all.values[step] as number
  }
  return [...byQuantile.values()]
}

function fraction(call: FunctionCall): Value {
  const lower = scalarOf(call, 0)
  const upper = scalarOf(call, 1)
  const out = groupBuckets(call.context, rowsOf(call, 2), spanOf(call, 2)).map((histogram) => {
    const row = newRow(call.context, histogram.labels, true, call.grid.steps)
    for (let step = 0; step < call.grid.steps; step++) {
      call.context.tick(histogram.rows.length)
      const buckets = bucketsAt(histogram, step)
      if (buckets === undefined) continue
      row.present[step] = 1
      row.values[step] = bucketFraction(lower[step] as number, upper[step] as number, buckets)
    }
    return row
  })
  return { kind: 'vector', rows: dropNames(call.context, withoutEmpty(out)) }
}
