export {
  type EarlyProcessor,
  isEarly,
  type LateProcessor,
  MASK_KINDS,
  type Processor,
  type ProcessorBase,
  type RowSelector,
} from './processor.ts'
export { BatchRows } from './rows.ts'
export { type ProcessorEffect, runEarly, runLate } from './run.ts'
