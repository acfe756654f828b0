import type { Socket } from 'node:net'
import { fault } from '@vantage/model'
import { type CallTaker, GrpcCall } from './grpc-call.ts'
import { encodeField } from './http2/hpack.ts'
import type { RequestHeader } from './http2/request.ts'
import { Http2Server } from './http2/server.ts'
import type { Http2Stream, StreamTaker } from './http2/stream.ts'
import type { Reception } from './reception.ts'

/** Opens one call of a method. @returns who takes its messages; undefined where the call is answered already */
export type GrpcMethod = (call: GrpcCall) => CallTaker | undefined

export interface GrpcServerOptions {
  readonly host: string
  /** 0 = any that is free; undefined = none: it serves the connections that it is given. */
  readonly port: number | undefined
  readonly reception: Reception
  /** By path: `/package.Service/Method`. */
  readonly methods: ReadonlyMap<string, GrpcMethod>
}

export interface GrpcServer {
  readonly port: number | undefined
  /** Serves a connection of another server's port. */
  take(socket: Socket): void
  /** No new calls; running ones have `graceMs`, then they are cut. */
  close(graceMs: number): Promise<void>
}

/** Serves gRPC without TLS, with the limits of the doors. Rejects where the address cannot be bound. */
export async function startGrpcServer({ host, port, reception, methods }: GrpcServerOptions): Promise<GrpcServer> {
  const { limits, clock, random, connections } = reception
  const count = (change: number) => connections.add(change, 'grpc')
  const open = (stream: Http2Stream, header: RequestHeader): StreamTaker | undefined => {
    if (!isGrpc(stream, header)) return undefined
    const call = new GrpcCall(stream, header, reception)
    const method = methods.get(call.path)
    if (method === undefined) call.failPlainly(fault('wrong_method', `method ${call.path} is not served`))
    else call.taker = method(call)
    return call.taker === undefined ? undefined : call
  }
  const server = new Http2Server({ limits, monotonicMs: () => clock.monotonicMs(), random, count, open })
  const bound = port === undefined ? undefined : await server.listen(host, port)
  return { port: bound, take: (socket) => server.take(socket), close: (graceMs) => server.close(graceMs) }
}

/** What is no gRPC at all is answered in HTTP. */
function isGrpc(stream: Http2Stream, header: RequestHeader): boolean {
  const isPost = header.get(':method') === 'POST'
  if (isPost && (header.get('content-type') ?? '').startsWith('application/grpc')) return true
  stream.trailers(encodeField(':status', isPost ? '415' : '405'))
  return false
}
