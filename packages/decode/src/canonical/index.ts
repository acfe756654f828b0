export { CanonicalDecoder } from './decode.ts'
export { encodeCanonical } from './encode.ts'
