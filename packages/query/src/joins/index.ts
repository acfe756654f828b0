export { type About, type AboutRequest, aboutSubject, countedRows, type Readers, type Subject } from './about.ts'
export { type DifferenceRequest, type FoundDifference, findDifference } from './difference/difference.ts'
export type { Difference } from './difference/rank.ts'
export {
  type ExceptionsRequest,
  type FoundExceptions,
  findExceptions,
} from './exceptions/find-exceptions.ts'
export { traceOf } from './metric-series.ts'
