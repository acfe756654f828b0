import { formatLabels, type Histogram, type HistogramBuckets, labelsKey, RESET_HINT } from '@vantage/model'
import { type BucketRange, bucketRanges, compact, haveSameBounds } from '@vantage/model/histograms'
import { histogramText } from '../promql/histogram/text.ts'
import { type Point, parseMetric, parsePoints, parseSeries } from './notation.ts'
import type { EvalCommand, TextPattern, Timing } from './script.ts'
import type { AnsweredPoint, PointSeries, ShownHistogram, TargetAnswer, TargetData } from './target.ts'

/** Relative difference that still counts as equal. */
const TOLERANCE = 1e-6

/** Undefined where the answer is as expected, else what is wrong. */
export function compareAnswer(command: EvalCommand, answer: TargetAnswer): string | undefined {
  const { expectations } = command
  if (!answer.ok) {
    if (!expectations.fails) return `failed: ${answer.message}`
    const { failure } = expectations
    if (failure === undefined || matches(failure, answer.message)) return undefined
    return `failed with ${JSON.stringify(answer.message)}, want ${show(failure)}`
  }
  if (expectations.fails) return 'want a failure, got an answer'
  return compareAnnotations(command, answer) ?? compareData(command, answer.data)
}

function matches(pattern: TextPattern, text: string): boolean {
  return pattern.kind === 'equal' ? pattern.text === text : pattern.pattern.test(text)
}

function show(pattern: TextPattern): string {
  return pattern.kind === 'equal' ? JSON.stringify(pattern.text) : String(pattern.pattern)
}

function compareAnnotations(command: EvalCommand, answer: Extract<TargetAnswer, { ok: true }>): string | undefined {
  const { warns, informs, warnings, infos } = command.expectations
  return compareTexts('warning', warns, warnings, answer.warnings) ?? compareTexts('info', informs, infos, answer.infos)
}

function compareTexts(
  what: string,
  wanted: boolean | undefined,
  patterns: readonly TextPattern[],
  texts: readonly string[],
): string | undefined {
  if (wanted === true && texts.length === 0) return `want a ${what}, got none`
  if (wanted === false && texts.length > 0) return `want no ${what}, got ${JSON.stringify(texts)}`
  const missing = patterns.find((pattern) => !texts.some((text) => matches(pattern, text)))
  return missing === undefined ? undefined : `want ${what} ${show(missing)}, got ${JSON.stringify(texts)}`
}

function compareData(command: EvalCommand, data: TargetData): string | undefined {
  const { text, lines, isOrdered, rangeVector } = command.expectations
  if (text !== undefined || data.kind === 'string') {
    if (data.kind === 'string' && data.text === text) return undefined
    return `want string ${JSON.stringify(text)}, got ${JSON.stringify(data)}`
  }
  if (data.kind === 'scalar') return compareScalar(lines, data.value)
  const timing = rangeVector ?? command.timing
  const wanted = lines.map((line) => wantedSeries(line, timing))
  return compareSeries(wanted, data.series, isOrdered)
}

function compareScalar(lines: readonly string[], value: number): string | undefined {
  const points = lines.length === 1 ? parsePoints(lines[0] as string) : []
  const point = points.length === 1 ? points[0] : undefined
  if (point?.kind === 'value' && almostEqual(point.value, value)) return undefined
  return `want scalar ${lines.join(' ')}, got ${value}`
}

function wantedSeries(line: string, timing: Timing): PointSeries {
  const { labels, points } = /[\s}]/.test(line.trim())
    ? parseSeries(`${line} `)
    : { labels: parseMetric(line), points: [] }
  return { labels, points: toPoints(points, timing) }
}

function toPoints(points: readonly Point[], { startMs, stepMs }: Timing): AnsweredPoint[] {
  return points.flatMap((point, i) => {
    const timeMs = startMs + i * stepMs
    if (point.kind === 'histogram') return [{ timeMs, value: 0, histogram: point.histogram }]
    return point.kind === 'value' ? [{ timeMs, value: point.value }] : []
  })
}

function compareSeries(
  wanted: readonly PointSeries[],
  got: readonly PointSeries[],
  isOrdered: boolean,
): string | undefined {
  const left = new Map(got.map((series, i) => [labelsKey(series.labels), { series, i }]))
  if (left.size !== got.length) return 'the answer has a series twice'
  for (let i = 0; i < wanted.length; i++) {
    const want = wanted[i] as PointSeries
    const key = labelsKey(want.labels)
    const found = left.get(key)
    if (found === undefined) {
      if (want.points.length === 0) continue
      return `want series ${formatLabels(want.labels)}, got ${JSON.stringify(got.map(shortText))}`
    }
    left.delete(key)
    if (isOrdered && found.i !== i) return `want ${formatLabels(want.labels)} at place ${i}, got place ${found.i}`
    const difference = comparePoints(want, found.series)
    if (difference !== undefined) return difference
  }
  const extra = [...left.values()].map(({ series }) => shortText(series))
  return extra.length === 0 ? undefined : `unexpected series ${JSON.stringify(extra)}`
}

function shortText(series: PointSeries): string {
  return `${formatLabels(series.labels)} ${series.points.map(pointText).join(' ')}`
}

function pointText({ timeMs, value, histogram, shown }: AnsweredPoint): string {
  if (shown !== undefined) return `${JSON.stringify(shown)}@${timeMs}`
  return `${histogram === undefined ? value : showHistogram(histogram)}@${timeMs}`
}

function showHistogram(histogram: Histogram): string {
  const { schema, resetHint, zeroCount, zeroThreshold, customValues } = histogram
  const zero = `zero:${zeroCount}/${zeroThreshold}`
  return `${histogramText(histogram)} schema:${schema} hint:${resetHint} ${zero} bounds:[${customValues.join(' ')}]`
}

function comparePoints(want: PointSeries, got: PointSeries): string | undefined {
  const isEqual =
    want.points.length === got.points.length &&
    want.points.every((point, i) => {
      const other = got.points[i]
      return other !== undefined && other.timeMs === point.timeMs && isSamePoint(point, other)
    })
  return isEqual ? undefined : `want ${shortText(want)}, got ${shortText(got)}`
}

function isSamePoint(want: AnsweredPoint, got: AnsweredPoint): boolean {
  if (got.shown !== undefined) return want.histogram !== undefined && isShownAs(want.histogram, got.shown)
  if (want.histogram === undefined || got.histogram === undefined) {
    return want.histogram === got.histogram && almostEqual(want.value, got.value)
  }
  return isSameHistogram(compact(want.histogram), compact(got.histogram))
}

/** Only what an answer tells is compared. */
function isShownAs(want: Histogram, got: ShownHistogram): boolean {
  const buckets = bucketRanges(want).filter(({ count }) => count !== 0)
  return (
    almostEqual(want.count, got.count) &&
    almostEqual(want.sum, got.sum) &&
    buckets.length === got.buckets.length &&
    buckets.every((bucket, i) => isSameRange(bucket, got.buckets[i] as BucketRange))
  )
}

function isSameRange(want: BucketRange, got: BucketRange): boolean {
  return (
    almostEqual(want.lower, got.lower) &&
    almostEqual(want.upper, got.upper) &&
    want.isLowerInclusive === got.isLowerInclusive &&
    want.isUpperInclusive === got.isUpperInclusive &&
    almostEqual(want.count, got.count)
  )
}

/** A hint that is not known in the expectation allows any. */
function isSameHistogram(want: Histogram, got: Histogram): boolean {
  return (
    want.schema === got.schema &&
    (want.resetHint === RESET_HINT.unknown || want.resetHint === got.resetHint) &&
    almostEqual(want.count, got.count) &&
    almostEqual(want.sum, got.sum) &&
    want.zeroThreshold === got.zeroThreshold &&
    almostEqual(want.zeroCount, got.zeroCount) &&
    haveSameBounds(want, got) &&
    areSameBuckets(want.positive, got.positive) &&
    areSameBuckets(want.negative, got.negative)
  )
}

function areSameBuckets(want: HistogramBuckets, got: HistogramBuckets): boolean {
  return (
    want.indexes.length === got.indexes.length &&
    want.indexes.every((index, i) => index === got.indexes[i]) &&
    want.counts.every((count, i) => almostEqual(count, got.counts[i] as number))
  )
}

function almostEqual(a: number, b: number): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true
  if (!Number.isFinite(a) || !Number.isFinite(b)) return false
  return Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b)) || Math.abs(a - b) < Number.MIN_VALUE
}
