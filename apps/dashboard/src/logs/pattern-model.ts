import type { LogLine, LogPattern } from '@vantage/api/client'
import { formatFactor } from '@vantage/charts'
import type { TimeRange } from '@vantage/model'
import { LEVELS, type Level, levelOf } from './log-model.ts'

const VARYING = '<_>'

/** A pattern with how it changed since the time before. */
export interface PatternRow {
  readonly pattern: string
  readonly level: Level
  readonly count: number
  /** In the time before, just as long. */
  readonly before: number
  /** When its first lines of this time came, to the step. */
  readonly firstMs: number
  readonly trend: readonly number[]
}

const TREND_POINTS = 40

/** Steps of a trend, whole seconds. */
export function patternStepMs({ startMs, endMs }: TimeRange): number {
  return Math.max(1, Math.ceil((endMs - startMs) / TREND_POINTS / 1000)) * 1000
}

/** Patterns of a time, the most frequent first, with their counts in the time before. */
export function patternRows(
  patterns: readonly LogPattern[],
  before: readonly LogPattern[],
  range: TimeRange,
): PatternRow[] {
  const keyOf = ({ level, pattern }: LogPattern) => `${level} ${pattern}`
  const counts = new Map(before.map((one) => [keyOf(one), countOf(one)]))
  return patterns
    .map((one) => ({
      pattern: one.pattern,
      level: levelOf({ detected_level: one.level }),
      count: countOf(one),
      before: counts.get(keyOf(one)) ?? 0,
      firstMs: Math.min(...one.samples.filter(({ count }) => count > 0).map(({ timeMs }) => timeMs)),
      trend: trendOf(one, range),
    }))
    .filter((row) => row.count > 0)
    .sort((a, b) => b.count - a.count || (a.pattern < b.pattern ? -1 : 1))
}

/** Of those that came twice as often as before, or not at all before: the most severe first, then the most frequent. */
export function risingRows(rows: readonly PatternRow[]): PatternRow[] {
  return rows
    .filter(({ count, before }) => count >= RISING_FACTOR * before)
    .sort((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level) || b.count - a.count)
}

const RISING_FACTOR = 2

function countOf({ samples }: LogPattern): number {
  return samples.reduce((sum, { count }) => sum + count, 0)
}

/** Lines of each step; samples are of steps, too. */
function trendOf({ samples }: LogPattern, range: TimeRange): number[] {
  const stepMs = patternStepMs(range)
  const placeOf = (timeMs: number) => Math.floor(timeMs / stepMs) - Math.floor(range.startMs / stepMs)
  const trend = new Array<number>(placeOf(range.endMs) + 1).fill(0)
  for (const { timeMs, count } of samples) {
    const place = Math.min(trend.length - 1, Math.max(0, placeOf(timeMs)))
    trend[place] = (trend[place] as number) + count
  }
  return trend
}

/** `new`, `3.2×`, `−60 %`, or nothing to say. */
export function changeText({ count, before }: Pick<PatternRow, 'count' | 'before'>): string {
  if (before === 0) return 'new'
  const factor = count / before
  if (factor >= 2) return formatFactor(factor)
  const percent = Math.round((factor - 1) * 100)
  if (percent === 0) return ''
  return `${percent > 0 ? '+' : '−'}${Math.abs(percent)}\u202F%`
}

/** A pattern in its pieces; those that vary are marked. */
export function patternParts(pattern: string): readonly { readonly text: string; readonly isVarying: boolean }[] {
  return pattern
    .split(VARYING)
    .flatMap((text, i) => [
      ...(i > 0 ? [{ text: VARYING, isVarying: true }] : []),
      ...(text === '' ? [] : [{ text, isVarying: false }]),
    ])
}

/** What one place of a pattern held. */
export interface VaryingValues {
  /** The words before it, to tell places apart. */
  readonly after: string
  readonly values: readonly { readonly value: string; readonly count: number }[]
  /** Different values. */
  readonly distinct: number
}

const VALUES_MAX = 8
const AFTER_CHARS = 24

/** The values that lines have where a pattern varies, the most frequent first. Lines that do not fit are left out. */
export function varyingValues(pattern: string, lines: readonly LogLine[]): VaryingValues[] {
  const fixed = pattern.split(VARYING)
  const counts = fixed.slice(1).map(() => new Map<string, number>())
  for (const { line } of lines) {
    const values = valuesOf(fixed, line)
    for (const [i, value] of (values ?? []).entries()) {
      const own = counts[i] as Map<string, number>
      own.set(value, (own.get(value) ?? 0) + 1)
    }
  }
  return counts.map((own, i) => ({
    after: (fixed[i] as string).trimEnd().slice(-AFTER_CHARS),
    values: [...own]
      .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
      .slice(0, VALUES_MAX)
      .map(([value, count]) => ({ value, count })),
    distinct: own.size,
  }))
}

function valuesOf(fixed: readonly string[], line: string): string[] | undefined {
  if (!line.startsWith(fixed[0] as string)) return undefined
  const values: string[] = []
  let from = (fixed[0] as string).length
  for (const [i, text] of fixed.slice(1).entries()) {
    const isLast = i === fixed.length - 2
    const at = text === '' ? line.length : isLast ? line.lastIndexOf(text) : line.indexOf(text, from)
    if (at < from || (isLast && at + text.length !== line.length)) return undefined
    values.push(line.slice(from, at))
    from = at + text.length
  }
  return values
}
