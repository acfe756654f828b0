export { type HistogramForms, MetricFamilyDecoder } from './decode.ts'
