export { REMOTE_WRITE_ALIAS_SPACE, RemoteWriteDecoder } from './decode.ts'
export { encodeRemoteWrite, type SeriesToWrite } from './encode.ts'
