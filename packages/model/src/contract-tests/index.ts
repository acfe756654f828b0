export type { ContractSample, OpenContractReader } from './data-set.ts'
export { metricReaderContract } from './metric-reader.ts'
export { randomHistogram } from './random-histogram.ts'
