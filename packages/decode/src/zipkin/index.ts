export { ZipkinJsonDecoder } from './json.ts'
export { ZipkinProtobufDecoder } from './protobuf.ts'
