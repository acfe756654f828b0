import { getUint32 } from '@vantage/bytes'

/**
 * Field numbers of the protobuf exposition as whole tags (`number << 3 | wire type`).
 * Source: prometheus/client_model io/prometheus/client/metrics.proto; google/protobuf/timestamp.proto.
 */
export const FAMILY_NAME = 0x0a
export const FAMILY_HELP = 0x12
export const FAMILY_TYPE = 0x18
export const FAMILY_METRIC = 0x22
export const FAMILY_UNIT = 0x2a

export const METRIC_LABEL = 0x0a
export const METRIC_GAUGE = 0x12
export const METRIC_COUNTER = 0x1a
export const METRIC_SUMMARY = 0x22
export const METRIC_UNTYPED = 0x2a
export const METRIC_TIME_MS = 0x30
export const METRIC_HISTOGRAM = 0x3a

/** Of a gauge, a counter and an untyped metric. */
export const VALUE = 0x09
export const COUNTER_EXEMPLAR = 0x12
export const COUNTER_CREATED = 0x1a

export const SUMMARY_COUNT = 0x08
export const SUMMARY_SUM = 0x11
export const SUMMARY_QUANTILE = 0x1a
export const SUMMARY_CREATED = 0x22
export const QUANTILE_QUANTILE = 0x09
export const QUANTILE_VALUE = 0x11

export const HISTOGRAM_COUNT = 0x08
export const HISTOGRAM_SUM = 0x11
export const HISTOGRAM_BUCKET = 0x1a
export const HISTOGRAM_COUNT_FLOAT = 0x21
export const HISTOGRAM_SCHEMA = 0x28
export const HISTOGRAM_ZERO_THRESHOLD = 0x31
export const HISTOGRAM_ZERO_COUNT = 0x38
export const HISTOGRAM_ZERO_COUNT_FLOAT = 0x41
export const HISTOGRAM_NEGATIVE_SPAN = 0x4a
export const HISTOGRAM_POSITIVE_SPAN = 0x62
export const HISTOGRAM_CREATED = 0x7a
export const HISTOGRAM_EXEMPLAR = 0x82
/** Without the wire type: these lists come packed or one by one. */
export const NEGATIVE_DELTA_NUMBER = 10
export const NEGATIVE_COUNT_NUMBER = 11
export const POSITIVE_DELTA_NUMBER = 13
export const POSITIVE_COUNT_NUMBER = 14

export const BUCKET_COUNT = 0x08
export const BUCKET_BOUND = 0x11
export const BUCKET_EXEMPLAR = 0x1a
export const BUCKET_COUNT_FLOAT = 0x21

export const SPAN_OFFSET = 0x08
export const SPAN_LENGTH = 0x10

export const EXEMPLAR_LABEL = 0x0a
export const EXEMPLAR_VALUE = 0x11
export const EXEMPLAR_TIME = 0x1a

export const TIMESTAMP_SECONDS = 0x08
export const TIMESTAMP_NANOS = 0x10

const scratch = new Float64Array(1)
const halves = new Uint32Array(scratch.buffer)

/** The double at `at`, whose 8 bytes are known to be there. */
export function doubleAt(bytes: Uint8Array, at: number): number {
  halves[0] = getUint32(bytes, at)
  halves[1] = getUint32(bytes, at + 4)
  return scratch[0] as number
}
