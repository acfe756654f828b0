export { OTLP_ALIAS_SPACE, OtlpMetricsDecoder } from './decode.ts'
export { OtlpInterner } from './interner.ts'
export { OtlpMetricsJsonDecoder } from './json.ts'
export { prometheusLabel, prometheusName, prometheusUnit } from './names.ts'
export {
  encodeExportResponse,
  encodeStatus,
  exportResponseJson,
  type PartialSuccess,
  partialSuccess,
  statusJson,
} from './responses.ts'
