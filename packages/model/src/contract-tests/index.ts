export type { ContractSample, OpenContractReader } from './data-set.ts'
export { logReaderContract, type OpenLogReader } from './log-reader.ts'
export { metricReaderContract } from './metric-reader.ts'
export { randomHistogram } from './random-histogram.ts'
export {
  type ContractLogRow,
  type ContractSpan,
  logBatchOf,
  logRowsOf,
  spanBatchOf,
  spansOf,
} from './record-batches.ts'
export { type OpenSpanReader, spanReaderContract } from './span-reader.ts'
