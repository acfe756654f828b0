import type { LabelRecord } from './answers.ts'
import { arrayAt, isRecord, type Json, labelsOf, sampleValue } from './json.ts'

/** One request of those that a series counts, with its trace. */
export interface Exemplar {
  readonly series: LabelRecord
  readonly atMs: number
  readonly value: number
  readonly traceId: string
  /** '' where only the trace is known. */
  readonly spanId: string
}

/** The body of `/api/v1/query_exemplars`; those without a trace are left out. */
export function readExemplars(body: Json): readonly Exemplar[] {
  return arrayAt(body, 'data').flatMap((one) => {
    if (!isRecord(one)) return []
    const series = labelsOf(one['seriesLabels'])
    return arrayAt(one, 'exemplars').flatMap((given) => {
      if (!isRecord(given)) return []
      const { trace_id: traceId = '', span_id: spanId = '' } = labelsOf(given['labels'])
      const [atMs, value] = [Number(given['timestamp']) * 1000, sampleValue(given['value'])]
      return traceId === '' || !Number.isFinite(atMs) ? [] : [{ series, atMs, value, traceId, spanId }]
    })
  })
}
