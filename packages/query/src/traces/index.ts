export { encodeTrace, type OriginSpans, spansByOrigin } from './encode-trace.ts'
export { type ExceptionGroup, exceptionGroups } from './exceptions.ts'
export { type OperationFigures, operationFigures } from './red.ts'
export { type Connection, type Latency, type ServiceEdge, serviceGraph } from './service-graph.ts'
