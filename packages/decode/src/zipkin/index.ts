export { ZipkinJsonDecoder } from './decode.ts'
