export { JaegerAgentReader } from './agent.ts'
export { JaegerProtobufDecoder } from './protobuf.ts'
export { readJaegerRequest } from './query-request.ts'
export { JaegerThriftDecoder } from './thrift.ts'
