import {
  Metadata,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerErrorResponse,
  type ServerOptions,
} from '@grpc/grpc-js'
import { STATUS } from '@vantage/model'
import type { IntakeFault } from './intake.ts'
import type { Reception } from './reception.ts'
import { withRetryAfter } from './retry-after.ts'

/** A gRPC server with the limits of the doors. */
export function newGrpcServer({ limits }: Reception, options: ServerOptions = {}): Server {
  return new Server({
    'grpc.max_receive_message_length': limits.grpcMaxMessageBytes,
    'grpc.max_concurrent_streams': limits.grpcMaxConcurrentStreams,
    'grpc.keepalive_time_ms': limits.grpcKeepaliveMs,
    'grpc.keepalive_timeout_ms': limits.grpcKeepaliveTimeoutMs,
    'grpc.max_connection_age_ms': limits.grpcConnectionAgeMs,
    'grpc.max_connection_age_grace_ms': limits.grpcConnectionAgeGraceMs,
    ...options,
  })
}

/** A method whose messages stay bytes: decoding is ours, so that bad bytes are told from a broken library. */
export function bytesMethod(
  path: string,
  { requestStream = false, responseStream = false }: { requestStream?: boolean; responseStream?: boolean } = {},
): MethodDefinition<Buffer, Buffer> {
  const same = (bytes: Buffer) => bytes
  return {
    path,
    requestStream,
    responseStream,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  }
}

/** @param port 0 = any that is free. @returns the port; rejects where the address cannot be bound */
export function bindGrpc(server: Server, { host, port }: { host: string; port: number }): Promise<number> {
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound)
      else reject(error)
    })
  })
}

/** No new calls; running ones have `graceMs`, then they are cut. */
export function closeGrpc(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.forceShutdown(), graceMs)
    server.tryShutdown(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}

/** A fault as a gRPC status, with `google.rpc.Status` beside it (RetryInfo where the client shall come again). */
export function grpcStatus(
  refusal: IntakeFault,
  { random, codec }: Reception,
): ServerErrorResponse & { code: number; details: string } {
  const sent = withRetryAfter(refusal, random)
  const metadata = new Metadata()
  metadata.set('grpc-status-details-bin', Buffer.from(codec.encodeStatus(sent)))
  // The library percent-encodes the text, which half a surrogate pair would break.
  const details = sent.message.toWellFormed()
  return { name: sent.code, message: details, code: STATUS[sent.code].grpc, details, metadata }
}

/** The address in a peer as the library names it: `127.0.0.1:5000`, `[::1]:5000`. */
export function peerAddress(peer: string): string {
  return peer.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
}
