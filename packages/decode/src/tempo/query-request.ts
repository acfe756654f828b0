import type { Result } from '@vantage/model'
import { count, type Fields, logfmt, readRequest, text } from '../request-fields.ts'

/**
 *     SearchRequest           1 Tags map   2 MinDurationMs   3 MaxDurationMs   4 Limit   5 start   6 end (s)   8 Query
 *                             9 SpansPerSpanSet
 *     SearchTagsRequest       1 scope   2 query   3 start   4 end (s)   5 maxTagsPerScope
 *     SearchTagValuesRequest  1 tagName   2 query   4 start   5 end (s)   6 maxTagValues
 *     QueryRangeRequest       1 query   2 start   3 end (ns)   4 step (ns)   16 exemplars
 *     QueryInstantRequest     1 query   2 start   3 end (ns)
 *
 * Source: grafana/tempo pkg/tempopb/tempo.proto.
 */
const TIMES: Fields = { 16: count('start'), 24: count('end') }

const REQUESTS = {
  search: {
    10: logfmt('tags'),
    16: count('minDuration', 'ms'),
    24: count('maxDuration', 'ms'),
    32: count('limit'),
    40: count('start'),
    48: count('end'),
    66: text('q'),
    72: count('spss'),
  },
  tags: { 10: text('scope'), 24: count('start'), 32: count('end') },
  values: { 10: text('tag'), 18: text('q'), 32: count('start'), 40: count('end'), 48: count('limit') },
  range: { ...TIMES, 10: text('q'), 32: count('step', 'ns'), [16 << 3]: count('exemplars') },
  instant: { ...TIMES, 10: text('q') },
} as const satisfies Readonly<Record<string, Fields>>

/** A request of Tempo's streaming service; its members under the names of the HTTP API, a tag's name as `tag`. */
export function readTempoRequest(kind: keyof typeof REQUESTS, body: Uint8Array): Result<URLSearchParams> {
  return readRequest(body, REQUESTS[kind])
}
