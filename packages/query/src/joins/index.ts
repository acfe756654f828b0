export { type About, type AboutRequest, aboutSubject, countedRows, type Readers, type Subject } from './about.ts'
export { traceOf } from './metric-series.ts'
