import type { Fault, Result, TenantId } from '@vantage/model'
import type { Permission } from './route.ts'

/** A call of gRPC with one message, as handlers see it. */
export interface RpcRequest {
  readonly tenant: TenantId
  readonly message: Uint8Array
  /** Aborted when the caller goes away. */
  readonly signal: AbortSignal
  /** Sends messages in front of the answer, each framed as gRPC frames it. */
  send(framed: Uint8Array): void
}

/** A method of one request that answers with messages: one, or a stream of them. */
export interface RpcMethod {
  /** `package.Service` */
  readonly service: string
  readonly name: string
  readonly permission: Exclude<Permission, 'public'>
  /** @returns messages one behind the other, each framed as gRPC frames it */
  handle(request: RpcRequest): Promise<Result<Uint8Array, Fault>>
}
