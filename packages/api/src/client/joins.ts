import { arrayAt, isRecord, type Json, labelsOf, numberAt, optionalTextAt, recordAt, textAt } from './json.ts'

/** A deploy or another change. */
export interface ChangeEvent {
  readonly timeMs: number
  readonly kind: string
  readonly service: string
  readonly title: string
  /** `version`, `previous_version`, `source`, … where it has them. */
  readonly fields: Readonly<Record<string, string>>
}

/** An attribute that more of the selection has than of the others, or fewer. */
export interface DifferenceRow {
  readonly attribute: string
  /** The value, or `from … to` of numbers. */
  readonly value: string
  /** Of 1. */
  readonly selectedShare: number
  readonly baselineShare: number
}

export function readEvents(body: Json): ChangeEvent[] {
  return arrayAt(body, 'events')
    .filter(isRecord)
    .map((event) => ({
      timeMs: Number(textAt(event, 'time')) / 1e6,
      kind: textAt(event, 'kind'),
      service: textAt(event, 'service'),
      title: textAt(event, 'title'),
      fields: labelsOf(event['fields']),
    }))
}

/** What is compared, and with what. */
export interface DifferenceQuestion {
  readonly signal: 'spans' | 'logs'
  /** Selects spans (TraceQL) or lines (LogQL). */
  readonly query: string
  /** Only what this selects is looked at; '' = everything. */
  readonly scope: string
  readonly startMs: number
  readonly endMs: number
  /** The others of the same time, the time before, or the time around it. */
  readonly baseline: 'rest' | 'previous' | { readonly startMs: number; readonly endMs: number }
}

export interface FoundDifference {
  readonly rows: readonly DifferenceRow[]
  /** Traces or lines that were compared. */
  readonly selected: number
  readonly others: number
  /** What limits left out, in words. */
  readonly cuts: readonly string[]
}

export function readDifference(body: Json): FoundDifference {
  const rows = arrayAt(body, 'differences')
    .filter(isRecord)
    .map((row) => ({
      attribute: textAt(row, 'attribute'),
      value: optionalTextAt(row, 'value') ?? valueText(row),
      selectedShare: numberAt(recordAt(row, 'selection'), 'share'),
      baselineShare: numberAt(recordAt(row, 'baseline'), 'share'),
    }))
  const count = (side: string) => numberAt(recordAt(body, side), 'count')
  return { rows, selected: count('selection'), others: count('baseline'), cuts: cutsOf(body) }
}

function cutsOf(body: Json): readonly string[] {
  const cuts = arrayAt(body, 'cuts').filter(isRecord)
  return cuts.map((cut) => textAt(cut, 'message') || textAt(cut, 'section'))
}

function valueText(row: Json): string {
  if (row['value'] !== undefined) return String(row['value'])
  return row['from'] === undefined ? '' : `${row['from']} … ${row['to']}`
}

/** Exceptions of the same type at the same place. */
export interface ExceptionGroup {
  /** The same for the same exceptions at any time. */
  readonly fingerprint: string
  readonly type: string
  readonly count: number
  readonly firstMs: number
  readonly lastMs: number
  /** Most frequent first. */
  readonly services: readonly { readonly service: string; readonly count: number }[]
  readonly ofSpans: number
  readonly ofLogs: number
  /** Counts in equal parts of the time that was asked for. */
  readonly trend: readonly number[]
  readonly message: string
  readonly stacktrace: string
  /** Of the newest; '' where it has none. */
  readonly traceId: string
  readonly spanId: string
  readonly operation: string
}

export interface FoundExceptions {
  readonly groups: readonly ExceptionGroup[]
  /** Of the time, also those beyond the limit. */
  readonly found: number
  /** What limits left out, in words. */
  readonly cuts: readonly string[]
}

export function readExceptions(body: Json): FoundExceptions {
  const groups = arrayAt(body, 'exceptions')
    .filter(isRecord)
    .map((group): ExceptionGroup => {
      const from = recordAt(group, 'from')
      const newest = recordAt(group, 'newest')
      return {
        fingerprint: textAt(group, 'fingerprint'),
        type: textAt(group, 'type'),
        count: numberAt(group, 'count'),
        firstMs: Number(textAt(group, 'firstNs')) / 1e6,
        lastMs: Number(textAt(group, 'lastNs')) / 1e6,
        services: arrayAt(group, 'services')
          .filter(isRecord)
          .map((one) => ({ service: textAt(one, 'service'), count: numberAt(one, 'count') })),
        ofSpans: numberAt(from, 'spans'),
        ofLogs: numberAt(from, 'logs'),
        trend: arrayAt(group, 'trend').map(Number),
        message: textAt(newest, 'message'),
        stacktrace: textAt(newest, 'stacktrace'),
        traceId: textAt(newest, 'traceId'),
        spanId: textAt(newest, 'spanId'),
        operation: textAt(newest, 'operation'),
      }
    })
  return { groups, found: numberAt(body, 'found'), cuts: cutsOf(body) }
}
