/**
 * Field numbers of opentelemetry-proto 1.x as whole tags (`number << 3 | wire type`), for metrics.
 * Source: open-telemetry/opentelemetry-proto metrics/v1, common/v1, resource/v1, collector/metrics/v1.
 */
export const REQUEST_RESOURCE_METRICS = 0x0a

export const RESOURCE_METRICS_RESOURCE = 0x0a
export const RESOURCE_METRICS_SCOPE_METRICS = 0x12
export const RESOURCE_ATTRIBUTES = 0x0a

export const SCOPE_METRICS_SCOPE = 0x0a
export const SCOPE_METRICS_METRICS = 0x12
export const SCOPE_METRICS_SCHEMA_URL = 0x1a
export const SCOPE_NAME = 0x0a
export const SCOPE_VERSION = 0x12
export const SCOPE_ATTRIBUTES = 0x1a

export const METRIC_NAME = 0x0a
export const METRIC_DESCRIPTION = 0x12
export const METRIC_UNIT = 0x1a
export const METRIC_GAUGE = 0x2a
export const METRIC_SUM = 0x3a
export const METRIC_HISTOGRAM = 0x4a
export const METRIC_EXPONENTIAL_HISTOGRAM = 0x52
export const METRIC_SUMMARY = 0x5a

export const DATA_POINTS = 0x0a
export const DATA_TEMPORALITY = 0x10
export const DATA_MONOTONIC = 0x18
export const TEMPORALITY_DELTA = 1
export const TEMPORALITY_CUMULATIVE = 2

export const POINT_START = 0x11
export const POINT_TIME = 0x19

export const NUMBER_DOUBLE = 0x21
export const NUMBER_INT = 0x31
export const NUMBER_EXEMPLARS = 0x2a
export const NUMBER_ATTRIBUTES = 0x3a
export const NUMBER_FLAGS = 0x40

export const HISTOGRAM_COUNT = 0x21
export const HISTOGRAM_SUM = 0x29
export const HISTOGRAM_BUCKETS = 0x32
export const HISTOGRAM_BUCKET = 0x31
export const HISTOGRAM_BOUNDS = 0x3a
export const HISTOGRAM_BOUND = 0x39
export const HISTOGRAM_EXEMPLARS = 0x42
export const HISTOGRAM_ATTRIBUTES = 0x4a
export const HISTOGRAM_FLAGS = 0x50

export const SUMMARY_COUNT = 0x21
export const SUMMARY_SUM = 0x29
export const SUMMARY_QUANTILES = 0x32
export const SUMMARY_ATTRIBUTES = 0x3a
export const SUMMARY_FLAGS = 0x40
export const QUANTILE_QUANTILE = 0x09
export const QUANTILE_VALUE = 0x11

/** Exponential histogram points keep their attributes in field 1. */
export const EXPONENTIAL_ATTRIBUTES = 0x0a
export const EXPONENTIAL_COUNT = 0x21
export const EXPONENTIAL_SUM = 0x29
export const EXPONENTIAL_SCALE = 0x30
export const EXPONENTIAL_ZERO_COUNT = 0x39
export const EXPONENTIAL_POSITIVE = 0x42
export const EXPONENTIAL_NEGATIVE = 0x4a
export const EXPONENTIAL_FLAGS = 0x50
export const EXPONENTIAL_EXEMPLARS = 0x5a
export const EXPONENTIAL_ZERO_THRESHOLD = 0x71
export const BUCKETS_OFFSET = 0x08
export const BUCKETS_COUNTS = 0x12
export const BUCKETS_COUNT = 0x10

export const FLAG_NO_RECORDED_VALUE = 1

export const EXEMPLAR_TIME = 0x11
export const EXEMPLAR_DOUBLE = 0x19
export const EXEMPLAR_SPAN_ID = 0x22
export const EXEMPLAR_TRACE_ID = 0x2a
export const EXEMPLAR_INT = 0x31
export const EXEMPLAR_ATTRIBUTES = 0x3a
