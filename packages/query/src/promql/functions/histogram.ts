import { assert, type Histogram, type Labels, labelsKey, labelValue, METRIC_NAME } from '@vantage/model'
import { quoteText } from '../../quote-text.ts'
import { dropNames, newRow, type Row, type Value, withLabel, withoutEmpty } from '../evaluate/rows.ts'
import { fractionOfHistogram, quantileOfHistogram, varianceOfHistogram } from '../histogram/estimate.ts'
import type { Span } from '../language/fault.ts'
import { executionFault } from '../language/fault.ts'
import { formatOpenMetricsFloat } from '../language/number.ts'
import { isValidLabelName } from '../language/text.ts'
import { bucketFraction, bucketQuantile } from './buckets.ts'
import { bucketsAt, type ClassicHistogram, groupBuckets, hasBucketAt, monotonicAt } from './classic-histogram.ts'
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
function nativeOnly(read: (histogram: Histogram) => number): FunctionImplementation {
  return {
    kind: 'vector',
    evaluate: (call) => ({ kind: 'vector', rows: dropNames(call.context, readHistograms(call, read)) }),
  }
}

export const HISTOGRAM_FUNCTIONS: Readonly<Record<HistogramName, FunctionImplementation>> = {
  histogram_avg: nativeOnly(({ sum, count }) => sum / count),
  histogram_count: nativeOnly(({ count }) => count),
  histogram_stddev: nativeOnly((histogram) => Math.sqrt(varianceOfHistogram(histogram))),
  histogram_stdvar: nativeOnly(varianceOfHistogram),
  histogram_sum: nativeOnly(({ sum }) => sum),
  histogram_fraction: { kind: 'vector', evaluate: fraction },
  histogram_quantile: { kind: 'vector', evaluate: quantile },
  histogram_quantiles: { kind: 'vector', evaluate: quantiles },
}

/** Turns histograms into floats and leaves the floats out; rows are changed in place. */
function readHistograms(call: FunctionCall, read: (histogram: Histogram) => number): Row[] {
  const rows = rowsOf(call, 0).filter((row) => row.histograms !== undefined)
  for (const row of rows) {
    call.context.tick(row.present.length)
    for (let step = 0; step < row.present.length; step++) {
      const histogram = row.histograms?.[step]
      if (histogram === undefined) row.present[step] = 0
      else if (row.present[step] === 1) row.values[step] = read(histogram)
    }
    row.histograms = undefined
  }
  return withoutEmpty(rows)
}

/** The histograms of an argument in both forms, all to be evaluated at each step. */
interface Distributions {
  readonly native: readonly Row[]
  readonly classic: readonly ClassicHistogram[]
  /** Per classic histogram the steps at which it is not to be evaluated; undefined: none. */
  readonly conflicts: ReadonlyMap<ClassicHistogram, Uint8Array>
}

/** A series that is there as classic and as native histogram at one step is evaluated in neither form. */
function distributionsOf(call: FunctionCall, rows: readonly Row[], span: Span): Distributions {
  const classic = groupBuckets(call, rows, span)
  const native = rows.filter((row) => row.histograms !== undefined)
  const conflicts = new Map<ClassicHistogram, Uint8Array>()
  for (const row of native) {
    const other = classic.get(labelsKey(row.labels))
    if (other === undefined) continue
    for (let step = 0; step < row.present.length; step++) {
      if (row.present[step] === 0 || row.histograms?.[step] === undefined || !hasBucketAt(other, step)) continue
      call.context.annotations.mixedClassicAndNative(labelValue(row.labels, METRIC_NAME), span)
      row.present[step] = 0
      const steps = conflicts.get(other) ?? new Uint8Array(row.present.length)
      steps[step] = 1
      conflicts.set(other, steps)
    }
  }
  return { native, classic: [...classic.values()], conflicts }
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
  const distributions = distributionsOf(call, rowsOf(call, 1), span)
  const out = quantileRows(call, distributions, wanted, span)
  return { kind: 'vector', rows: dropNames(call.context, withoutEmpty(out)) }
}

function quantileRows(call: FunctionCall, all: Distributions, wanted: Float64Array, span: Span): Row[] {
  const native = all.native.map((row) => {
    return nativeRow(call, row, (histogram, step) => nativeQuantile(call, row, histogram, wanted[step] as number, span))
  })
  const classic = all.classic.map((histogram) => {
    return classicRow(call, histogram, all.conflicts.get(histogram), (step) => {
      const buckets = monotonicAt(call, histogram, step, span)
      return buckets === undefined ? undefined : bucketQuantile(wanted[step] as number, buckets)
    })
  })
  return [...native, ...classic]
}

/** A new row with what `evaluate` makes of a row's histograms. */
function nativeRow(call: FunctionCall, row: Row, evaluate: (histogram: Histogram, step: number) => number): Row {
  const out = newRow(call.context, row.labels, true, call.grid.steps)
  for (let step = 0; step < call.grid.steps; step++) {
    const histogram = row.histograms?.[step]
    if (row.present[step] === 0 || histogram === undefined) continue
    call.context.tick(histogram.positive.indexes.length + histogram.negative.indexes.length)
    out.present[step] = 1
    out.values[step] = evaluate(histogram, step)
  }
  return out
}

function classicRow(
  call: FunctionCall,
  histogram: ClassicHistogram,
  conflicts: Uint8Array | undefined,
  evaluate: (step: number) => number | undefined,
): Row {
  const out = newRow(call.context, histogram.labels, true, call.grid.steps)
  for (let step = 0; step < call.grid.steps; step++) {
    if (conflicts?.[step] === 1) continue
    call.context.tick(histogram.rows.length)
    const value = evaluate(step)
    if (value === undefined) continue
    out.present[step] = 1
    out.values[step] = value
  }
  return out
}

function nativeQuantile(call: FunctionCall, row: Row, histogram: Histogram, wanted: number, span: Span): number {
  const { value, nan } = quantileOfHistogram(wanted, histogram)
  if (nan !== 'none') {
    const effect = nan === 'result' ? 'result is NaN' : 'result is skewed higher'
    call.context.annotations.nanInQuantile(effect, metricOf(call, row.labels), span)
  }
  return value
}

/** Names that were taken away are not in annotations. */
function metricOf(call: FunctionCall, labels: Labels): string {
  return call.context.options.delayedNameRemoval ? labelValue(labels, METRIC_NAME) : ''
}

/** One series per quantile, told apart by the label that the query names. */
function quantiles(call: FunctionCall): Value {
  const label = textOf(call, 1)
  if (!isValidLabelName(label)) throw executionFault(`invalid label name ${quoteText(label)}`)
  const wanted = call.args.slice(2).map((_, i) => warnQuantiles(call, i + 2))
  const span = spanOf(call, 0)
  const distributions = distributionsOf(call, rowsOf(call, 0), span)
  const out: Row[] = []
  for (const values of wanted) {
    for (const row of quantileRows(call, distributions, values, span))
      out.push(...splitByQuantile(call, row, values, label))
  }
  return { kind: 'vector', rows: dropNames(call.context, out) }
}

/** A quantile may change from step to step, and with it the label. */
function splitByQuantile(call: FunctionCall, all: Row, values: Float64Array, label: string): Row[] {
  const byQuantile = new Map<string, Row>()
  for (let step = 0; step < call.grid.steps; step++) {
    if (all.present[step] === 0) continue
    const text = formatOpenMetricsFloat(values[step] as number)
    let row = byQuantile.get(text)
    if (row === undefined) {
      row = newRow(call.context, withLabel(all.labels, label, text), true, call.grid.steps)
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
  const span = spanOf(call, 2)
  const all = distributionsOf(call, rowsOf(call, 2), span)
  const native = all.native.map((row) => {
    return nativeRow(call, row, (histogram, step) => {
      const { value, nan } = fractionOfHistogram(lower[step] as number, upper[step] as number, histogram)
      if (nan !== 'none') call.context.annotations.nanInFraction(metricOf(call, row.labels), span)
      return value
    })
  })
  const classic = all.classic.map((histogram) => {
    return classicRow(call, histogram, all.conflicts.get(histogram), (step) => {
      const buckets = bucketsAt(histogram, step)
      return buckets && bucketFraction(lower[step] as number, upper[step] as number, buckets)
    })
  })
  return { kind: 'vector', rows: dropNames(call.context, withoutEmpty([...native, ...classic])) }
}
