import type { LabelRecord } from './answers.ts'
import { arrayAt, isRecord, type Json, labelsOf, numberAt, textAt } from './json.ts'

/** What the page says on `/ws`, as JSON text. */
export type LiveRequest =
  | {
      readonly type: 'subscribe'
      readonly id: number
      /** A PromQL selector, `{__name__=~"node_.*"}`. */
      readonly matchers: string
      readonly windowMs: number
      readonly maxSeries: number
    }
  | { readonly type: 'unsubscribe'; readonly id: number }
  | { readonly type: 'format'; readonly value: 'json' | 'binary' }

export interface LiveSeries {
  readonly ref: number
  readonly labels: LabelRecord
}

export interface LiveBackfill {
  readonly ref: number
  readonly timesMs: readonly number[]
  readonly values: readonly number[]
}

/** What the server says as text. Samples come as binary frames (`decodeLiveFrame` of the model). */
export type LiveMessage =
  | {
      readonly type: 'subscribed'
      readonly id: number
      readonly series: readonly LiveSeries[]
      readonly backfill: readonly LiveBackfill[]
      /** Series that match, with those beyond the limit. */
      readonly total: number
      readonly nowMs: number
    }
  /** `isTruncated`: more match than the limit lets in; it is said once. */
  | {
      readonly type: 'series'
      readonly id: number
      readonly series: readonly LiveSeries[]
      readonly isTruncated: boolean
    }
  | { readonly type: 'gap'; readonly dropped: number; readonly fromMs: number; readonly toMs: number }
  /** `canRetry`: the same request may be taken another time. */
  | { readonly type: 'error'; readonly message: string; readonly canRetry: boolean }

/** Reads one text message; undefined where it is not one of the messages above. */
export function readLiveMessage(text: string): LiveMessage | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return undefined
  }
  return isRecord(value) ? messageOf(value) : undefined
}

function messageOf(value: Json): LiveMessage | undefined {
  switch (value['type']) {
    case 'subscribed':
      return {
        type: 'subscribed',
        id: numberAt(value, 'id'),
        series: readSeries(value),
        backfill: arrayAt(value, 'backfill').filter(isRecord).map(readBackfill),
        total: numberAt(value, 'total'),
        nowMs: numberAt(value, 'nowMs'),
      }
    case 'series':
      return {
        type: 'series',
        id: numberAt(value, 'id'),
        series: readSeries(value),
        isTruncated: value['truncated'] === true,
      }
    case 'gap':
      return {
        type: 'gap',
        dropped: numberAt(value, 'dropped'),
        fromMs: numberAt(value, 'fromMs'),
        toMs: numberAt(value, 'toMs'),
      }
    case 'error':
      return { type: 'error', message: textAt(value, 'message'), canRetry: value['retry'] === true }
    default:
      return undefined
  }
}

function readSeries(value: Json): LiveSeries[] {
  return arrayAt(value, 'series')
    .filter(isRecord)
    .map((one) => ({ ref: numberAt(one, 'ref'), labels: labelsOf(one['labels']) }))
}

/** A value that JSON cannot hold (NaN, ±Inf) comes as null or text and is a gap in the line. */
function readBackfill(one: Json): LiveBackfill {
  const times = arrayAt(one, 'times')
  const values = arrayAt(one, 'values')
  const count = Math.min(times.length, values.length)
  return {
    ref: numberAt(one, 'ref'),
    timesMs: times.slice(0, count).map(Number),
    values: values.slice(0, count).map((value) => (typeof value === 'number' ? value : Number.NaN)),
  }
}
