import { formatLabels, labelsKey } from '@vantage/model'
import { type Point, parseMetric, parsePoints, parseSeries } from './notation.ts'
import type { EvalCommand, TextPattern, Timing } from './script.ts'
import type { PointSeries, TargetAnswer, TargetData } from './target.ts'

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

function toPoints(points: readonly Point[], { startMs, stepMs }: Timing): PointSeries['points'] {
  return points.flatMap((point, i) => {
    return point.kind === 'value' ? [{ timeMs: startMs + i * stepMs, value: point.value }] : []
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
  return `${formatLabels(series.labels)} ${series.points.map((point) => `${point.value}@${point.timeMs}`).join(' ')}`
}

function comparePoints(want: PointSeries, got: PointSeries): string | undefined {
  const isEqual =
    want.points.length === got.points.length &&
    want.points.every((point, i) => {
      const other = got.points[i]
      return other !== undefined && other.timeMs === point.timeMs && almostEqual(point.value, other.value)
    })
  return isEqual ? undefined : `want ${shortText(want)}, got ${shortText(got)}`
}

function almostEqual(a: number, b: number): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true
  if (!Number.isFinite(a) || !Number.isFinite(b)) return false
  return Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b)) || Math.abs(a - b) < Number.MIN_VALUE
}
