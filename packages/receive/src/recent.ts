import type { Code, TenantId } from '@vantage/model'
import { RECENT_REQUESTS_MAX } from './limits.ts'
import type { Signal } from './signal.ts'

/** One request as the page shows it: never payload, never header values. */
export interface RecentRequest {
  readonly atMs: number
  readonly signal: Signal
  readonly receiver: string
  /** Empty where the request was refused before its tenant was known. */
  readonly tenant: TenantId | ''
  readonly code: 'ok' | 'partial' | Code
  readonly items: number
  readonly refused: number
  readonly wireBytes: number
  readonly durationMs: number
  /** Why it was refused, or what was refused of it; empty where all was taken. */
  readonly message: string
}

/** The last requests of all doors. */
export class RecentRequests {
  readonly #ring: (RecentRequest | undefined)[]
  #next = 0

  constructor(capacity = RECENT_REQUESTS_MAX) {
    this.#ring = new Array(capacity).fill(undefined)
  }

  add(request: RecentRequest): void {
    this.#ring[this.#next] = request
    this.#next = (this.#next + 1) % this.#ring.length
  }

  /** Newest first. */
  list(): RecentRequest[] {
    const out: RecentRequest[] = []
    for (let i = 1; i <= this.#ring.length; i++) {
      const request = this.#ring[(this.#next - i + this.#ring.length) % this.#ring.length]
      if (request !== undefined) out.push(request)
    }
    return out
  }
}
