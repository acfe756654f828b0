export { readTempoRequest } from './query-request.ts'
