import { type Labels, labelsKey, labelValue, METRIC_NAME } from '@vantage/model'
import { stepTimeMs } from '../evaluate/grid.ts'
import { type Row, withoutLabels } from '../evaluate/rows.ts'
import type { Span } from '../language/fault.ts'
import { parseFloatText } from '../language/number.ts'
import { type Bucket, makeMonotonic, normalizeBuckets } from './buckets.ts'
import type { FunctionCall } from './function.ts'

const BUCKET_LABEL = 'le'
const BUCKET_LABELS: ReadonlySet<string> = new Set([BUCKET_LABEL])

/** The bucket series of one classic histogram, at least one. */
export interface ClassicHistogram {
  readonly labels: Labels
  readonly dropName: boolean
  readonly bounds: number[]
  readonly rows: Row[]
}

/** Groups the floats of rows by their labels but `le`, by `labelsKey`; rows whose `le` is no number are left out with a warning. */
export function groupBuckets(call: FunctionCall, rows: readonly Row[], span: Span): Map<string, ClassicHistogram> {
  const byKey = new Map<string, ClassicHistogram>()
  for (const row of rows) {
    if (!hasFloats(row)) continue
    const le = labelValue(row.labels, BUCKET_LABEL)
    const bound = parseFloatText(le)
    if (bound === undefined) {
      call.context.annotations.badBucketLabel(labelValue(row.labels, METRIC_NAME), le, span)
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
  return byKey
}

function hasFloats({ present, histograms }: Row): boolean {
  return histograms === undefined || present.some((one, i) => one === 1 && histograms[i] === undefined)
}

export function hasBucketAt(histogram: ClassicHistogram, step: number): boolean {
  return histogram.rows.some((row) => isFloatAt(row, step))
}

function isFloatAt(row: Row, step: number): boolean {
  return row.present[step] === 1 && row.histograms?.[step] === undefined
}

/** The buckets that have a count at this step, normalized; undefined where there are none. */
export function bucketsAt(histogram: ClassicHistogram, step: number): Bucket[] | undefined {
  const buckets: Bucket[] = []
  histogram.rows.forEach((row, i) => {
    if (isFloatAt(row, step)) {
      buckets.push({ upperBound: histogram.bounds[i] as number, count: row.values[step] as number })
    }
  })
  return buckets.length === 0 ? undefined : normalizeBuckets(buckets)
}

/** Monotonic buckets; what had to be changed is noted once per place. */
export function monotonicAt(
  call: FunctionCall,
  histogram: ClassicHistogram,
  step: number,
  span: Span,
): Bucket[] | undefined {
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
