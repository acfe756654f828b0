import type { Histogram } from '@vantage/model'
import { type BucketRange, negativeRange, positiveRange, zeroRange } from '@vantage/model/histograms'
import { formatGeneral } from '../language/number.ts'

/** `{count:3, sum:6, (1,2]:3}`: how `count_values` names a histogram. Buckets that count nothing are left out. */
export function histogramText(histogram: Histogram): string {
  const ranges: BucketRange[] = []
  for (let at = histogram.negative.indexes.length - 1; at >= 0; at--) ranges.push(negativeRange(histogram, at))
  ranges.push(zeroRange(histogram))
  for (let at = 0; at < histogram.positive.indexes.length; at++) ranges.push(positiveRange(histogram, at))
  const parts = [`count:${formatGeneral(histogram.count)}`, `sum:${formatGeneral(histogram.sum)}`]
  for (const range of ranges) if (range.count !== 0) parts.push(rangeText(range))
  return `{${parts.join(', ')}}`
}

function rangeText({ lower, upper, isLowerInclusive, isUpperInclusive, count }: BucketRange): string {
  const open = isLowerInclusive ? '[' : '('
  const close = isUpperInclusive ? ']' : ')'
  return `${open}${formatGeneral(lower)},${formatGeneral(upper)}${close}:${formatGeneral(count)}`
}
