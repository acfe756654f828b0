import { type Histogram, type Labels, labelsFrom, parseDurationMs } from '@vantage/model'
import { parseVectorSelector } from '../promql/language/parse-selector.ts'
import { TokenReader } from '../promql/language/token-reader.ts'
import { EXPERIMENTAL_OPTIONS } from '../promql/options.ts'
import { parseHistogram, repeatHistogram } from './histogram-notation.ts'
import { NotationError } from './notation-error.ts'

/** One place of a series in test notation. */
export type Point =
  | { readonly kind: 'none' }
  | { readonly kind: 'value'; readonly value: number }
  | { readonly kind: 'stale' }
  | { readonly kind: 'histogram'; readonly histogram: Histogram }

export interface NotedSeries {
  readonly labels: Labels
  readonly points: readonly Point[]
  /** The line carries start times (`@st`) instead: since when each sample counts, from its own time. */
  readonly startOffsetsMs: readonly (number | undefined)[]
}

const NUMBER = '(?:(?:\\d+\\.?\\d*|\\.\\d+)(?:e[+-]?\\d+)?|inf(?:inity)?|nan)'
const SINGLE = new RegExp(`^([+-]?${NUMBER})$`, 'i')
const REPEATED = new RegExp(`^([+-]?${NUMBER})([+-]${NUMBER})?x(\\d+)$`, 'i')

/** Points that one item may stand for: scripts are ours, but a typing error should not fill the memory. */
const REPEAT_MAX = 1_000_000

/**
 * Reads `name{label="value"} 1 _ 2+1x3 stale`: item i is the sample at i steps; `a+bxn` are n+1 points, `axn` n+1
 * times a, `_xn` n gaps. Source: prometheus/prometheus docs, "Unit testing for rules", series notation.
 */
export function parseSeries(line: string): NotedSeries {
  const metricEnd = endOfMetric(line)
  const hasStartTimes = line.startsWith('@st', metricEnd)
  const rest = line.slice(hasStartTimes ? metricEnd + 3 : metricEnd)
  if (!/^\s/.test(rest)) throw new NotationError(`want a blank behind the series in ${JSON.stringify(line)}`)
  const labels = parseMetric(line.slice(0, metricEnd))
  if (hasStartTimes) return { labels, points: [], startOffsetsMs: parseStartOffsets(rest) }
  return { labels, points: parsePoints(rest), startOffsetsMs: [] }
}

const DURATION = '[+-]?(?:0|(?:\\d+(?:ms|[smhdwy]))+)'
const START_OFFSET = new RegExp(`^(${DURATION})(?:([+-](?:\\d+(?:ms|[smhdwy]))+)?x(\\d+))?$`)

/** `-30s _ -1m-1mx2 0x3`: durations in the places of points. */
function parseStartOffsets(text: string): (number | undefined)[] {
  return (text.match(/\S+/g) ?? []).flatMap((item) => {
    const gap = /^_(?:x(\d+))?$/.exec(item)
    if (gap !== null) return new Array<undefined>(repeatCount(gap[1] ?? '1')).fill(undefined)
    const offset = START_OFFSET.exec(item)
    if (offset === null) throw new NotationError(`want a start offset, got ${JSON.stringify(item)}`)
    const [, first = '', step, count = '0'] = offset
    const length = repeatCount(count) + 1
    return Array.from({ length }, (_, i) => offsetMs(first) + i * (step === undefined ? 0 : offsetMs(step)))
  })
}

function offsetMs(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1
  const digits = text.replace(/^[+-]/, '')
  const durationMs = digits === '0' ? 0 : parseDurationMs(digits)
  if (durationMs === undefined) throw new NotationError(`want a duration, got ${JSON.stringify(text)}`)
  return durationMs === 0 ? 0 : sign * durationMs
}

/** Reads a series without points. */
export function parseMetric(text: string): Labels {
  const reader = new TokenReader(text, EXPERIMENTAL_OPTIONS)
  const selector = parseVectorSelector(reader)
  if (reader.peek().kind !== 'end') throw new NotationError(`want a series, got ${JSON.stringify(text)}`)
  for (const { op } of selector.matchers) {
    if (op !== '=') throw new NotationError(`want labels with =, got ${op} in ${JSON.stringify(text)}`)
  }
  return labelsFrom(selector.matchers.map(({ name, value }) => [name, value] as const))
}

function endOfMetric(line: string): number {
  let at = 0
  while (/[a-zA-Z0-9_:]/.test(line[at] ?? '')) at++
  if (line[at] !== '{') return at
  let quote = ''
  for (; at < line.length; at++) {
    const char = line[at] as string
    if (quote !== '') {
      if (char === '\\' && quote !== '`') at++
      else if (char === quote) quote = ''
    } else if (char === '"' || char === "'" || char === '`') {
      quote = char
    } else if (char === '}') {
      return at + 1
    }
  }
  throw new NotationError(`want } in ${JSON.stringify(line)}`)
}

/** Items are split by blanks, but histograms have blanks inside. */
const ITEMS = /\{\{.*?\}\}(?:[+-]\{\{.*?\}\})?(?:x\d+)?|\S+/g

export function parsePoints(text: string): Point[] {
  return (text.match(ITEMS) ?? []).flatMap(parseItem)
}

function parseItem(item: string): Point[] {
  if (item.startsWith('{{')) return parseHistogramItem(item)
  if (item === '_') return [{ kind: 'none' }]
  if (item === 'stale') return [{ kind: 'stale' }]
  const gap = /^(_|stale)x(\d+)$/.exec(item)
  if (gap !== null) return repeat({ kind: gap[1] === '_' ? 'none' : 'stale' }, repeatCount(gap[2] as string))
  const single = SINGLE.exec(item)
  if (single !== null) return [{ kind: 'value', value: toNumber(single[1] as string) }]
  const repeated = REPEATED.exec(item)
  if (repeated === null) throw new NotationError(`want a point, got ${JSON.stringify(item)}`)
  const [, first = '', delta, count = ''] = repeated
  const points: Point[] = []
  let value = toNumber(first)
  for (let i = 0; i <= repeatCount(count); i++) {
    points.push({ kind: 'value', value })
    // Added up, not multiplied: rounding is part of the notation.
    if (delta !== undefined) value += toNumber(delta)
  }
  return points
}

const HISTOGRAM_ITEM = /^(\{\{.*?\}\})(?:([+-])(\{\{.*?\}\}))?(?:x(\d+))?$/

function parseHistogramItem(item: string): Point[] {
  const parts = HISTOGRAM_ITEM.exec(item)
  if (parts === null) throw new NotationError(`want a histogram, got ${JSON.stringify(item)}`)
  const [, first = '', sign = '', step, count = '0'] = parts
  const stepHistogram = step === undefined ? undefined : parseHistogram(step)
  const all = repeatHistogram(parseHistogram(first), stepHistogram, sign, repeatCount(count))
  return all.map((histogram) => ({ kind: 'histogram', histogram }))
}

function repeat(point: Point, count: number): Point[] {
  return Array.from({ length: count }, () => point)
}

function repeatCount(digits: string): number {
  const count = Number(digits)
  if (count > REPEAT_MAX) throw new NotationError(`want at most ${REPEAT_MAX} points, got ${count}`)
  return count
}

function toNumber(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1
  const lower = text.replace(/^[+-]/, '').toLowerCase()
  if (lower.startsWith('inf')) return sign * Infinity
  return lower === 'nan' ? Number.NaN : sign * Number(lower)
}
