export {
  decodeJsonBatch,
  type ItemProblem,
  isJsonBatch,
  JSON_BATCH_ALIAS_SPACE,
  type JsonBatchOutcome,
} from './decode.ts'
