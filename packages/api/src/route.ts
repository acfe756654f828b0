import type { Fault, Result, TenantId } from '@vantage/model'

/** What a credential must allow for a route; routes without one do not compile. */
export type Permission =
  | 'public'
  | 'metrics:read'
  | 'metrics:write'
  | 'logs:read'
  | 'logs:write'
  | 'traces:read'
  | 'traces:write'
  | 'admin'

/** A request as handlers see it: query string and form body are one list. */
export interface ApiRequest {
  readonly tenant: TenantId
  readonly params: URLSearchParams
  /** A JSON body, parsed; undefined without one. */
  readonly json?: unknown
  /** A body that is neither a form nor JSON. */
  readonly bytes?: Uint8Array
  /** The header `Accept`; absent where the caller sent none. */
  readonly accept?: string
  /** The header `X-Loki-Response-Encoding-Flags`; absent where the caller sent none. */
  readonly encodingFlags?: string
  /** Named parts of the path, decoded once. */
  readonly path: Readonly<Record<string, string>>
  /** Aborted when the caller goes away. */
  readonly signal: AbortSignal
}

export interface ApiAnswer {
  readonly status?: number
  readonly contentType: string
  readonly contentEncoding?: string
  readonly body: string | Uint8Array
  /** Sent instead of the body, as it comes, until it ends. */
  readonly stream?: ReadableStream<Uint8Array>
}

export interface Parameter {
  readonly name: string
  readonly in: 'query' | 'path'
  readonly required: boolean
  readonly description: string
  readonly type: 'string' | 'number' | 'integer' | 'boolean'
  readonly repeated?: boolean
}

/** How faults look to the callers of a route; `text` is the message alone. */
export type FaultStyle = 'prometheus' | 'vantage' | 'text' | 'jaeger'

export interface Route {
  readonly methods: readonly ('GET' | 'POST' | 'PUT' | 'DELETE')[]
  /** With `:name` for named parts. */
  readonly path: string
  readonly permission: Permission
  /** What the credential must allow too. */
  readonly further?: readonly Permission[]
  readonly summary: string
  readonly parameters: readonly Parameter[]
  readonly faults: FaultStyle
  /** Answered while the server starts and drains, too. */
  readonly isToldUnready?: true
  /** It reads its body itself, of any media type, up to so many bytes. */
  readonly rawBodyBytesMax?: number
  /** Why it has none of the methods that write: told to those who try. */
  readonly readOnly?: string
  handle(request: ApiRequest): Promise<Result<ApiAnswer, Fault>>
}

export const JSON_TYPE = 'application/json'

export function json(value: unknown, status = 200): ApiAnswer {
  return { status, contentType: JSON_TYPE, body: JSON.stringify(value) }
}
