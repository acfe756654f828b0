import type { LogLine } from '@vantage/api/client'

/** Severities in the order they are stacked, the most severe at the baseline. */
export const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'unknown'] as const
export type Level = (typeof LEVELS)[number]

/** Rows that are asked for at once. */
export const LINES_MAX = 1_000
/** Values of one label that the facets list at first, and at most. */
export const FACET_VALUES_SHOWN = 10
const FACET_VALUES_MAX = 50
/** Loaded lines of which facets are counted, the newest. */
const FACET_LINES_MAX = 20_000
/** Labels whose values are nearly all different say nothing as facets. */
const FACET_SHARE_MAX = 0.5
/** Differ from row to row, or say what the row's time says. */
const NO_FACETS: ReadonlySet<string> = new Set(['observed_timestamp', 'trace_id', 'span_id', 'flags'])
const FACET_FIRST: readonly string[] = ['service_name', 'detected_level', 'severity_text', 'service_namespace']

/** The level of a row, from what the server found. */
export function levelOf(labels: Readonly<Record<string, string>>): Level {
  const text = (labels['detected_level'] ?? labels['severity_text'] ?? labels['level'] ?? '').toLowerCase()
  if (text === 'warning') return 'warn'
  if (text === 'critical') return 'fatal'
  return LEVELS.find((level) => text.startsWith(level)) ?? 'unknown'
}

export interface Facet {
  readonly label: string
  readonly values: readonly { readonly value: string; readonly count: number }[]
  /** Values that are not listed. */
  readonly others: number
  /** Where all values are numbers and there are many: how many lines lie where. */
  readonly range?: NumberRange
}

export interface NumberRange {
  /** Each from (included) to (not included), the next beginning where one ends. */
  readonly bins: readonly { readonly from: number; readonly to: number; readonly count: number }[]
}

/** From so many different numbers on, ranges say more than values. */
const NUMBERS_MIN = 12
/** Beside each other in the column of fields, each as wide as a finger needs. */
const BINS_MAX = 8
const STEPS: readonly number[] = [1, 2, 2.5, 5, 10]

/** Ranges of round numbers that hold all values; undefined where they are few, or not numbers. */
export function numberRange(values: ReadonlyMap<string, number>): NumberRange | undefined {
  if (values.size < NUMBERS_MIN) return undefined
  const numbers: [number, number][] = []
  for (const [text, count] of values) {
    const value = Number(text)
    if (text.trim() === '' || !Number.isFinite(value)) return undefined
    numbers.push([value, count])
  }
  const least = numbers.reduce((min, [value]) => Math.min(min, value), Number.POSITIVE_INFINITY)
  const most = numbers.reduce((max, [value]) => Math.max(max, value), Number.NEGATIVE_INFINITY)
  const size = 10 ** Math.floor(Math.log10((most - least) / BINS_MAX))
  const isEnough = (step: number) => Math.floor(most / step) - Math.floor(least / step) < BINS_MAX
  const step = (STEPS.find((one) => isEnough(one * size)) ?? 20) * size
  const first = Math.floor(least / step)
  const counts = new Array<number>(Math.floor(most / step) - first + 1).fill(0)
  for (const [value, count] of numbers) counts[Math.floor(value / step) - first]! += count
  const edge = (i: number) => Number(((first + i) * step).toPrecision(12))
  return { bins: counts.map((count, i) => ({ from: edge(i), to: edge(i + 1), count })) }
}

/** The query with the lines of one range alone. */
export function withRange(query: string, label: string, from: number, to: number): string {
  return `${query.trim()} | ${label} >= ${from} | ${label} < ${to}`
}

/** What the loaded rows have in common: labels with their most frequent values. */
export function facetsOf(lines: readonly LogLine[]): Facet[] {
  const counts = new Map<string, Map<string, number>>()
  for (const { labels } of lines.slice(0, FACET_LINES_MAX)) {
    for (const [label, value] of Object.entries(labels)) {
      let values = counts.get(label)
      if (values === undefined) {
        values = new Map()
        counts.set(label, values)
      }
      values.set(value, (values.get(value) ?? 0) + 1)
    }
  }
  const telling = [...counts].filter(([label, values]) => {
    if (NO_FACETS.has(label)) return false
    const total = [...values.values()].reduce((sum, count) => sum + count, 0)
    if (numberRange(values) !== undefined) return true
    return FACET_FIRST.includes(label) || values.size <= Math.max(1, total * FACET_SHARE_MAX)
  })
  const rank = (label: string) => (FACET_FIRST.includes(label) ? FACET_FIRST.indexOf(label) : FACET_FIRST.length)
  return telling
    .sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1))
    .map(([label, values]) => {
      const sorted = [...values].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
      const range = numberRange(values)
      return {
        ...(range === undefined ? {} : { range }),
        label,
        values: sorted.slice(0, FACET_VALUES_MAX).map(([value, count]) => ({ value, count })),
        others: Math.max(0, sorted.length - FACET_VALUES_MAX),
      }
    })
}

/** A text as LogQL quotes it. */
export function quoted(text: string): string {
  return JSON.stringify(text)
}

/** The query with one more label filter behind it. */
export function withFilter(query: string, label: string, value: string, isWanted: boolean): string {
  return `${query.trim()} | ${label}${isWanted ? '=' : '!='}${quoted(value)}`
}

/** Stages that may fail on a line, which is kept; a metric of such lines would be refused. */
const MAY_FAIL = /\|\s*(json|logfmt|unpack|regexp|pattern|label_format|line_format)\b/

/** The query that counts the rows of a log query by level: those, too, that a stage could not read. */
export function volumeQuery(query: string, stepMs: number): string {
  const all = MAY_FAIL.test(query) ? `${query} | drop __error__, __error_details__` : query
  return `sum by (detected_level) (count_over_time(${all} [${Math.max(1, Math.round(stepMs / 1000))}s]))`
}

/** Labels that tell an instance, beside its stream. */
const INSTANCE_LABELS: readonly string[] = [
  'service_name',
  'service_instance_id',
  'k8s_pod_name',
  'container_id',
  'host_name',
  'instance',
  'pod',
]

/** A query of all lines that the same instance wrote: the streams of the query, none of its filters. */
export function contextQuery(query: string, labels: Readonly<Record<string, string>>): string {
  const of = INSTANCE_LABELS.filter((label) => (labels[label] ?? '') !== '')
  return of.reduce((sum, label) => withFilter(sum, label, labels[label] as string, true), streamSelector(query))
}

/** The braces that a query begins with. */
export function streamSelector(query: string): string {
  const end = closingBrace(query)
  return end < 0 ? query.trim() : query.slice(query.indexOf('{'), end + 1)
}

function closingBrace(query: string): number {
  let quote = ''
  for (let i = 0; i < query.length; i++) {
    const char = query[i] as string
    if (quote !== '') {
      if (char === '\\' && quote === '"') i++
      else if (char === quote) quote = ''
    } else if (char === '"' || char === '`') quote = char
    else if (char === '}') return i
  }
  return -1
}
