export { type ContractSample, metricReaderContract, type OpenContractReader } from './metric-reader.ts'
