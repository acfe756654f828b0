export { JaegerProtobufDecoder } from './protobuf.ts'
export { JaegerThriftDecoder } from './thrift.ts'
