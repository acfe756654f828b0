import type { TimeSpan, Unit } from '@vantage/charts'
import { withCondition } from '../traces/traceql.ts'
import type { Explained } from './explain-url.ts'
import { type SeriesSource, subjectOf } from './subject.ts'

/** A part of a heatmap: a time, and values between two bounds. */
export interface ValueBox extends TimeSpan {
  readonly low: number
  readonly high: number
}

/**
 * What to ask about a box of a heatmap: of durations, the requests that took so long against the others of that time; of other
 * values, those of that time against those around it.
 * @returns undefined where the heatmap names no service and no host
 */
export function explainedBox(
  sources: readonly SeriesSource[],
  unit: Unit,
  { startMs, endMs, low, high }: ValueBox,
  around: TimeSpan,
): Explained | undefined {
  const { spans, lines } = subjectOf(sources)
  const isOfLines = sources[0]?.language === 'logql'
  const query = isOfLines ? lines : spans
  if (query === undefined) return undefined
  const plain = { region: { startMs, endMs }, values: { low, high }, around } as const
  const bounds = isOfLines || unit.kind !== 'seconds' ? [] : durationBounds(low, high)
  if (bounds.length === 0) {
    return { ...plain, signal: isOfLines ? 'logs' : 'spans', query, scope: '', against: 'around' }
  }
  return { ...plain, signal: 'spans', query: withCondition(query, bounds.join(' && ')), scope: query, against: 'rest' }
}

function durationBounds(low: number, high: number): readonly string[] {
  const micros = (seconds: number) => `${Math.round(seconds * 1e6)}us`
  return [
    ...(low > 0 ? [`duration > ${micros(low)}`] : []),
    ...(Number.isFinite(high) ? [`duration <= ${micros(high)}`] : []),
  ]
}
