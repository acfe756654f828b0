import type { TenantId } from '@vantage/model'
import { RATE_TENANTS_MAX } from './limits.ts'

interface Bucket {
  tokens: number
  atMs: number
}

/** Token buckets, one a tenant: `rate` a second, `burst` at once. */
export class TenantRate {
  readonly #rate: number
  readonly #burst: number
  readonly #buckets = new Map<TenantId, Bucket>()

  constructor(rate: number, burst: number) {
    this.#rate = rate
    this.#burst = burst
  }

  /**
   * @param tokens at most the burst
   * @returns seconds until the bucket covers them, 0 where it did and they are taken
   */
  take(tenant: TenantId, monotonicMs: number, tokens = 1): number {
    if (this.#rate === 0) return 0
    const bucket = this.#bucket(tenant, monotonicMs)
    bucket.tokens = Math.min(this.#burst, bucket.tokens + ((monotonicMs - bucket.atMs) / 1_000) * this.#rate)
    bucket.atMs = monotonicMs
    if (bucket.tokens < tokens) return (tokens - bucket.tokens) / this.#rate
    bucket.tokens -= tokens
    return 0
  }

  #bucket(tenant: TenantId, monotonicMs: number): Bucket {
    let bucket = this.#buckets.get(tenant)
    if (bucket === undefined) {
      // The tenant that was seen first goes: it starts again with a full bucket, which only ever gives it more.
      if (this.#buckets.size >= RATE_TENANTS_MAX) this.#buckets.delete(this.#buckets.keys().next().value as TenantId)
      bucket = { tokens: this.#burst, atMs: monotonicMs }
      this.#buckets.set(tenant, bucket)
    }
    return bucket
  }
}
