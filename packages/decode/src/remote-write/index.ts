export type { TimedHistogram } from '../encode-histogram.ts'
export { REMOTE_WRITE_ALIAS_SPACE, RemoteWriteDecoder } from './decode.ts'
export { RemoteWriteV2Decoder } from './decode-v2.ts'
export { encodeLabels, encodeRemoteWrite, RemoteWriteEncoder, type SeriesToWrite } from './encode.ts'
