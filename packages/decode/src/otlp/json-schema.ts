import { SPAN_KINDS, STATUS_CODES } from '@vantage/model'
import { TEMPORALITY_CUMULATIVE, TEMPORALITY_DELTA } from './fields.ts'

/**
 * OTLP/JSON messages as tables: JSON name → protobuf tag and form. Unknown names are ignored, original names
 * (snake_case) are accepted. Source: opentelemetry-proto "JSON Protobuf Encoding"; protobuf.dev "ProtoJSON".
 */
export type JsonForm =
  | 'message'
  | 'string'
  | 'bool'
  | 'double'
  | 'fixed64'
  | 'sfixed64'
  | 'fixed32'
  | 'varint'
  | 'zigzag'
  | 'enum'
  | 'hex'
  | 'base64'

export interface JsonField {
  readonly name: string
  readonly tag: number
  readonly form: JsonForm
  readonly isRepeated?: boolean
  readonly message?: () => JsonMessage
}

export interface JsonMessage {
  readonly fields: readonly JsonField[]
}

/** Enum names of all messages; each is unique. */
export const ENUM_NAMES: Readonly<Record<string, number>> = {
  AGGREGATION_TEMPORALITY_UNSPECIFIED: 0,
  AGGREGATION_TEMPORALITY_DELTA: TEMPORALITY_DELTA,
  AGGREGATION_TEMPORALITY_CUMULATIVE: TEMPORALITY_CUMULATIVE,
  ...numbered('SPAN_KIND_', SPAN_KINDS),
  ...numbered('STATUS_CODE_', STATUS_CODES),
  ...numbered('SEVERITY_NUMBER_', severityNames()),
}

function numbered(prefix: string, names: readonly string[]): Record<string, number> {
  return Object.fromEntries(names.map((name, number) => [prefix + name.toUpperCase(), number]))
}

function severityNames(): string[] {
  const levels = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL']
  return ['UNSPECIFIED', ...levels.flatMap((level) => [level, `${level}2`, `${level}3`, `${level}4`])]
}

type Row = readonly [
  name: string,
  number: number,
  form: JsonForm,
  message?: (() => JsonMessage) | undefined,
  isRepeated?: boolean,
]

const WIRE_TYPES: Readonly<Record<JsonForm, number>> = {
  message: 2,
  string: 2,
  bool: 0,
  double: 1,
  fixed64: 1,
  sfixed64: 1,
  fixed32: 5,
  varint: 0,
  zigzag: 0,
  enum: 0,
  hex: 2,
  base64: 2,
}

function message(...rows: readonly Row[]): JsonMessage {
  const fields = rows.map(([name, number, form, sub, isRepeated]) => ({
    name,
    tag: number * 8 + WIRE_TYPES[form],
    form,
    isRepeated: isRepeated ?? false,
    ...(sub === undefined ? {} : { message: sub }),
  }))
  return { fields }
}

const ANY_VALUE: JsonMessage = message(
  ['stringValue', 1, 'string'],
  ['boolValue', 2, 'bool'],
  ['intValue', 3, 'varint'],
  ['doubleValue', 4, 'double'],
  ['arrayValue', 5, 'message', () => ARRAY_VALUE],
  ['kvlistValue', 6, 'message', () => KEY_VALUE_LIST],
  ['bytesValue', 7, 'base64'],
)
const ARRAY_VALUE = message(['values', 1, 'message', () => ANY_VALUE, true])
const KEY_VALUE_LIST = message(['values', 1, 'message', () => KEY_VALUE, true])
const KEY_VALUE: JsonMessage = message(['key', 1, 'string'], ['value', 2, 'message', () => ANY_VALUE])
const RESOURCE = message(['attributes', 1, 'message', () => KEY_VALUE, true], ['droppedAttributesCount', 2, 'varint'])
const SCOPE = message(
  ['name', 1, 'string'],
  ['version', 2, 'string'],
  ['attributes', 3, 'message', () => KEY_VALUE, true],
  ['droppedAttributesCount', 4, 'varint'],
)

const EXEMPLAR = message(
  ['timeUnixNano', 2, 'fixed64'],
  ['asDouble', 3, 'double'],
  ['spanId', 4, 'hex'],
  ['traceId', 5, 'hex'],
  ['asInt', 6, 'sfixed64'],
  ['filteredAttributes', 7, 'message', () => KEY_VALUE, true],
)
const NUMBER_POINT = message(
  ['startTimeUnixNano', 2, 'fixed64'],
  ['timeUnixNano', 3, 'fixed64'],
  ['asDouble', 4, 'double'],
  ['exemplars', 5, 'message', () => EXEMPLAR, true],
  ['asInt', 6, 'sfixed64'],
  ['attributes', 7, 'message', () => KEY_VALUE, true],
  ['flags', 8, 'varint'],
)
const HISTOGRAM_POINT = message(
  ['startTimeUnixNano', 2, 'fixed64'],
  ['timeUnixNano', 3, 'fixed64'],
  ['count', 4, 'fixed64'],
  ['sum', 5, 'double'],
  ['bucketCounts', 6, 'fixed64', undefined, true],
  ['explicitBounds', 7, 'double', undefined, true],
  ['exemplars', 8, 'message', () => EXEMPLAR, true],
  ['attributes', 9, 'message', () => KEY_VALUE, true],
  ['flags', 10, 'varint'],
  ['min', 11, 'double'],
  ['max', 12, 'double'],
)
const BUCKETS = message(['offset', 1, 'zigzag'], ['bucketCounts', 2, 'varint', undefined, true])
const EXPONENTIAL_POINT = message(
  ['attributes', 1, 'message', () => KEY_VALUE, true],
  ['startTimeUnixNano', 2, 'fixed64'],
  ['timeUnixNano', 3, 'fixed64'],
  ['count', 4, 'fixed64'],
  ['sum', 5, 'double'],
  ['scale', 6, 'zigzag'],
  ['zeroCount', 7, 'fixed64'],
  ['positive', 8, 'message', () => BUCKETS],
  ['negative', 9, 'message', () => BUCKETS],
  ['flags', 10, 'varint'],
  ['exemplars', 11, 'message', () => EXEMPLAR, true],
  ['min', 12, 'double'],
  ['max', 13, 'double'],
  ['zeroThreshold', 14, 'double'],
)
const QUANTILE = message(['quantile', 1, 'double'], ['value', 2, 'double'])
const SUMMARY_POINT = message(
  ['startTimeUnixNano', 2, 'fixed64'],
  ['timeUnixNano', 3, 'fixed64'],
  ['count', 4, 'fixed64'],
  ['sum', 5, 'double'],
  ['quantileValues', 6, 'message', () => QUANTILE, true],
  ['attributes', 7, 'message', () => KEY_VALUE, true],
  ['flags', 8, 'varint'],
)

const TEMPORALITY: Row = ['aggregationTemporality', 2, 'enum']
const GAUGE = message(['dataPoints', 1, 'message', () => NUMBER_POINT, true])
const SUM = message(['dataPoints', 1, 'message', () => NUMBER_POINT, true], TEMPORALITY, ['isMonotonic', 3, 'bool'])
const HISTOGRAM = message(['dataPoints', 1, 'message', () => HISTOGRAM_POINT, true], TEMPORALITY)
const EXPONENTIAL = message(['dataPoints', 1, 'message', () => EXPONENTIAL_POINT, true], TEMPORALITY)
const SUMMARY = message(['dataPoints', 1, 'message', () => SUMMARY_POINT, true])
const METRIC = message(
  ['name', 1, 'string'],
  ['description', 2, 'string'],
  ['unit', 3, 'string'],
  ['gauge', 5, 'message', () => GAUGE],
  ['sum', 7, 'message', () => SUM],
  ['histogram', 9, 'message', () => HISTOGRAM],
  ['exponentialHistogram', 10, 'message', () => EXPONENTIAL],
  ['summary', 11, 'message', () => SUMMARY],
)
const SCOPE_METRICS = message(
  ['scope', 1, 'message', () => SCOPE],
  ['metrics', 2, 'message', () => METRIC, true],
  ['schemaUrl', 3, 'string'],
)
const RESOURCE_METRICS = message(
  ['resource', 1, 'message', () => RESOURCE],
  ['scopeMetrics', 2, 'message', () => SCOPE_METRICS, true],
  ['schemaUrl', 3, 'string'],
)

/** `ExportMetricsServiceRequest`. */
export const METRICS_REQUEST: JsonMessage = message(['resourceMetrics', 1, 'message', () => RESOURCE_METRICS, true])

const LOG_RECORD = message(
  ['timeUnixNano', 1, 'fixed64'],
  ['severityNumber', 2, 'enum'],
  ['severityText', 3, 'string'],
  ['body', 5, 'message', () => ANY_VALUE],
  ['attributes', 6, 'message', () => KEY_VALUE, true],
  ['droppedAttributesCount', 7, 'varint'],
  ['flags', 8, 'fixed32'],
  ['traceId', 9, 'hex'],
  ['spanId', 10, 'hex'],
  ['observedTimeUnixNano', 11, 'fixed64'],
  ['eventName', 12, 'string'],
)
const SCOPE_LOGS = message(
  ['scope', 1, 'message', () => SCOPE],
  ['logRecords', 2, 'message', () => LOG_RECORD, true],
  ['schemaUrl', 3, 'string'],
)
const RESOURCE_LOGS = message(
  ['resource', 1, 'message', () => RESOURCE],
  ['scopeLogs', 2, 'message', () => SCOPE_LOGS, true],
  ['schemaUrl', 3, 'string'],
)

/** `ExportLogsServiceRequest`. */
export const LOGS_REQUEST: JsonMessage = message(['resourceLogs', 1, 'message', () => RESOURCE_LOGS, true])

const EVENT = message(
  ['timeUnixNano', 1, 'fixed64'],
  ['name', 2, 'string'],
  ['attributes', 3, 'message', () => KEY_VALUE, true],
  ['droppedAttributesCount', 4, 'varint'],
)
const LINK = message(
  ['traceId', 1, 'hex'],
  ['spanId', 2, 'hex'],
  ['traceState', 3, 'string'],
  ['attributes', 4, 'message', () => KEY_VALUE, true],
  ['droppedAttributesCount', 5, 'varint'],
  ['flags', 6, 'fixed32'],
)
const SPAN_STATUS = message(['message', 2, 'string'], ['code', 3, 'enum'])
const SPAN = message(
  ['traceId', 1, 'hex'],
  ['spanId', 2, 'hex'],
  ['traceState', 3, 'string'],
  ['parentSpanId', 4, 'hex'],
  ['name', 5, 'string'],
  ['kind', 6, 'enum'],
  ['startTimeUnixNano', 7, 'fixed64'],
  ['endTimeUnixNano', 8, 'fixed64'],
  ['attributes', 9, 'message', () => KEY_VALUE, true],
  ['droppedAttributesCount', 10, 'varint'],
  ['events', 11, 'message', () => EVENT, true],
  ['droppedEventsCount', 12, 'varint'],
  ['links', 13, 'message', () => LINK, true],
  ['droppedLinksCount', 14, 'varint'],
  ['status', 15, 'message', () => SPAN_STATUS],
  ['flags', 16, 'fixed32'],
)
const SCOPE_SPANS = message(
  ['scope', 1, 'message', () => SCOPE],
  ['spans', 2, 'message', () => SPAN, true],
  ['schemaUrl', 3, 'string'],
)
const RESOURCE_SPANS = message(
  ['resource', 1, 'message', () => RESOURCE],
  ['scopeSpans', 2, 'message', () => SCOPE_SPANS, true],
  ['schemaUrl', 3, 'string'],
)

/** `ExportTraceServiceRequest`. */
export const TRACES_REQUEST: JsonMessage = message(['resourceSpans', 1, 'message', () => RESOURCE_SPANS, true])
