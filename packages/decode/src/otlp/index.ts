export { OTLP_ALIAS_SPACE, OtlpMetricsDecoder } from './decode.ts'
export { OtlpInterner } from './interner.ts'
export { OtlpJsonDecoder } from './json.ts'
export { LOGS_REQUEST, METRICS_REQUEST, TRACES_REQUEST } from './json-schema.ts'
export { OtlpLogsDecoder } from './logs.ts'
export { prometheusLabel, prometheusName, prometheusUnit } from './names.ts'
export {
  encodeExportResponse,
  encodeStatus,
  exportResponseJson,
  type PartialSuccess,
  partialSuccess,
  statusJson,
} from './responses.ts'
export { OtlpTracesDecoder } from './spans.ts'
