export {
  type EarlyProcessor,
  isEarly,
  type LateProcessor,
  MASK_KINDS,
  type Processor,
  type ProcessorBase,
  type RowSelector,
} from './processor.ts'
export { BatchRows, eachRow, finish, type RowWork } from './rows.ts'
export { isFor, type ProcessorEffect, runEarly, runLate } from './run.ts'
