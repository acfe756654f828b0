export { type Execution, readExecutionRow, standardize } from './entry.ts'
