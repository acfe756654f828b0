/**
 * Faults: what the world did wrong, or what we cannot do now. One table turns a code into statuses;
 * no other file writes an HTTP or gRPC number for a failure by hand.
 */
export type Code =
  | 'bad_request'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'wrong_method'
  | 'conflict'
  | 'stale'
  | 'too_large'
  | 'unsupported'
  | 'unprocessable'
  | 'too_many'
  | 'cancelled'
  | 'internal'
  | 'unavailable'
  | 'timeout'

export const STATUS = {
  bad_request: { http: 400, grpc: 3, retry: false },
  unauthenticated: { http: 401, grpc: 16, retry: false },
  forbidden: { http: 403, grpc: 7, retry: false },
  not_found: { http: 404, grpc: 5, retry: false },
  wrong_method: { http: 405, grpc: 12, retry: false },
  conflict: { http: 409, grpc: 6, retry: false },
  stale: { http: 412, grpc: 9, retry: false },
  too_large: { http: 413, grpc: 8, retry: false },
  unsupported: { http: 415, grpc: 12, retry: false },
  unprocessable: { http: 422, grpc: 9, retry: false },
  too_many: { http: 429, grpc: 8, retry: true },
  cancelled: { http: 499, grpc: 1, retry: false },
  internal: { http: 500, grpc: 13, retry: false },
  unavailable: { http: 503, grpc: 14, retry: true },
  timeout: { http: 504, grpc: 4, retry: true },
} as const satisfies Record<Code, { http: number; grpc: number; retry: boolean }>

/** Longest piece of text from outside that a message may repeat, in characters. */
export const FOREIGN_TEXT_MAX = 256

export interface Fault {
  readonly code: Code
  /** Expected, got, where, which key to change. Never a stack or a path of this machine. */
  readonly message: string
  /** Machine-readable reason (`disk`, `memory`, `starting`, an item reason, …). */
  readonly reason?: string
  /** The limit that was hit, as its configuration key. */
  readonly limit?: string
  /** Whole seconds; only where `STATUS[code].retry`. */
  readonly retryAfterSeconds?: number
}

export interface FaultDetail {
  readonly reason?: string
  readonly limit?: string
  readonly retryAfterSeconds?: number
}

export function fault(code: Code, message: string, detail: FaultDetail = {}): Fault {
  return { code, message, ...detail }
}

/** Cuts text from outside so that a message stays readable and bounded. */
export function foreign(text: string): string {
  if (text.length <= FOREIGN_TEXT_MAX) return text
  return `${text.slice(0, FOREIGN_TEXT_MAX)}…`
}

export type Result<T, F = Fault> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: F }

export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value }
}

export function err<F>(error: F): { readonly ok: false; readonly error: F } {
  return { ok: false, error }
}

/**
 * Carries a fault through code where every frame would only pass it on (evaluators, budgets).
 * It is caught at the stage's edge and never crosses it.
 */
export class FaultError extends Error {
  readonly fault: Fault
  constructor(cause: Fault) {
    super(cause.message)
    this.name = 'FaultError'
    this.fault = cause
  }
}

/** Guards what we promised ourselves. A failure is our bug and ends the request or the process. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`BUG: ${message}`)
}

/** Ends every exhaustive switch: a forgotten member does not compile. */
export function unreachable(value: never): never {
  throw new Error(`BUG: unreachable ${JSON.stringify(value)}`)
}
