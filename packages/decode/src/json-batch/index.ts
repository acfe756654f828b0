export {
  type ItemProblem,
  isJsonBatch,
  JSON_BATCH_ALIAS_SPACE,
  JsonBatchDecoder,
  type JsonBatchOutcome,
} from './decode.ts'
