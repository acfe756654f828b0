export { encodeAck, encodePushSummary, type RejectedItems } from './answers.ts'
export { type BatchIdentity, readBatchIdentity, STREAM_ALIAS_SPACE, TelemetryDecoder } from './decode.ts'
