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
    return FACET_FIRST.includes(label) || values.size <= Math.max(1, total * FACET_SHARE_MAX)
  })
  const rank = (label: string) => (FACET_FIRST.includes(label) ? FACET_FIRST.indexOf(label) : FACET_FIRST.length)
  return telling
    .sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1))
    .map(([label, values]) => {
      const sorted = [...values].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
      return {
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

/** The query that counts the rows of a log query by level. */
export function volumeQuery(query: string, stepMs: number): string {
  return `sum by (detected_level) (count_over_time(${query} [${Math.max(1, Math.round(stepMs / 1000))}s]))`
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
