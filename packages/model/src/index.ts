export { type AcceptedMedia, acceptedMedia } from './accept.ts'
export {
  decodeAttributes,
  decodeEvents,
  decodeLinks,
  decodeValue,
  encodeAttributes,
  encodeEvents,
  encodeLinks,
  encodeValue,
  VALUE_DEPTH_MAX,
} from './attribute-codec.ts'
export { AttributeCursor, isBytes, nextAttribute } from './attribute-scan.ts'
export type { AnyValue, Attribute, Attributes } from './attributes.ts'
export { attribute, EMPTY_VALUE, NO_ATTRIBUTES, valueJson, valueText } from './attributes.ts'
export { BUCKET, BUCKET_COLUMNS, BucketColumns } from './buckets.ts'
export { ByteRanges } from './byte-ranges.ts'
export type { Exemplar, MetricMetadata, MetricType } from './columns.ts'
export { SampleColumns } from './columns.ts'
export type { Code, Fault, FaultDetail, Result } from './fault.ts'
export { assert, err, FaultError, FOREIGN_TEXT_MAX, fault, foreign, ok, STATUS, unreachable } from './fault.ts'
export type { FileSystem, OpenFile, OpenMode } from './file-system.ts'
export { readAll, readAllNow, readFileNow, replaceFileNow, writeAll, writeAllNow } from './file-system.ts'
export type { BucketSpan, Histogram, HistogramBuckets, ResetHint } from './histogram.ts'
export {
  bucketSpans,
  CUSTOM_BUCKETS_SCHEMA,
  EXPONENTIAL_SCHEMA_MAX,
  EXPONENTIAL_SCHEMA_MIN,
  HISTOGRAM_BUCKETS_MAX,
  HistogramColumns,
  hasWholeCounts,
  NO_BUCKETS,
  NO_CUSTOM_VALUES,
  RESET_HINT,
} from './histogram.ts'
export { decodeHistogram, encodeHistogram } from './histogram-codec.ts'
export { hexBytes, hexText, isZero, spanKey } from './ids.ts'
export { ItemVerdict } from './item-verdict.ts'
export { keepRows } from './keep-rows.ts'
export type { Labels } from './labels.ts'
export {
  compareLabels,
  EMPTY_LABELS,
  formatLabels,
  labelsEqual,
  labelsFrom,
  labelsFromRecord,
  labelsKey,
  labelsToRecord,
  labelValue,
  METRIC_NAME,
} from './labels.ts'
export type { LiveSamples } from './live-frame.ts'
export { decodeLiveFrame, encodeLiveFrame, liveFrameBytes, liveFrameCapacity } from './live-frame.ts'
export type { Log, LogRecord, LogStats, PayloadEncoding, PayloadFormat, Reservation, Topic } from './log.ts'
export { PAYLOAD_ENCODINGS, PAYLOAD_FORMATS } from './log.ts'
export { BODY_KIND, LogBatch, LogColumns } from './log-batch.ts'
export type {
  LineFilter,
  LogBlock,
  LogCounts,
  LogReader,
  LogScan,
  NsRange,
  RangeCuts,
  RowLook,
  ScanDirection,
  TimeGrid,
  TimeMarks,
} from './log-reader.ts'
export type { CompiledMatcher, Matcher, MatchOp, MatchShape } from './matcher.ts'
export { compileMatcher, compileRegex } from './matcher.ts'
export type { ApplyOutcome, ItemReason, LabelsOutcome, Refusal } from './metric-batch.ts'
export { ITEM_REASONS, MetricBatch } from './metric-batch.ts'
export type { Origin } from './origin.ts'
export {
  lokiName,
  NO_ORIGIN,
  originMetadata,
  pairs,
  serviceOf,
  streamLabels,
  UNKNOWN_SERVICE,
} from './origin.ts'
export { compilePattern, type Pattern } from './pattern.ts'
export type {
  Cardinality,
  MetricReader,
  Moments,
  NameCount,
  QueryBudget,
  ScanRange,
  SelectionShare,
  SeriesScan,
  SeriesSelection,
} from './reader.ts'
export { compileSearch, type SearchPattern } from './search-pattern.ts'
export { SPAN_KINDS, SpanBatch, SpanColumns, STATUS_CODES } from './span-batch.ts'
export type { SpanEvent, SpanLink } from './span-parts.ts'
export type { SpanBlock, SpanCondition, SpanField, SpanReader, SpanScan } from './span-reader.ts'
export { isStaleAt, STALE_HIGH, STALE_LOW, staleNaN, writeStale } from './stale.ts'
export type { TenantId } from './tenant.ts'
export { DEFAULT_TENANT, isTenantId } from './tenant.ts'
export type { Clock, TimeRange } from './time.ts'
export { formatDuration, parseDurationMs, systemClock } from './time.ts'
export { MISSING_PARENT_SPAN, NO_PARENT_SPAN, spanIdAt, type TraceColumns } from './trace-columns.ts'
