import { createHash } from 'node:crypto'
import type { TenantId } from '@vantage/model'

/** What a file holds: [from, to) of the log. */
interface OffsetRange {
  readonly fromOffset: number
  readonly toOffset: number
}

/** @param level one above those of the parts that it replaces: a name is never used twice */
export function partFileName(tenant: TenantId, range: OffsetRange, level: number, counter: number): string {
  return `${range.fromOffset}-${range.toOffset}-${level}-${tenantHash(tenant)}-${counter}.part`
}

const TIER_NAMES = ['5m', '1h'] as const

/**
 * @param tier place in `TIER_BUCKETS_MS`
 * @param uniqueId of what it is made from: the part, or with a sign of its own the tier before
 */
export function tierFileName(
  tenant: TenantId,
  range: OffsetRange,
  tier: number,
  uniqueId: string,
  counter: number,
): string {
  const name = TIER_NAMES[tier] as string
  return `${range.fromOffset}-${range.toOffset}-${uniqueId}-${tenantHash(tenant)}-${counter}.${name}.tier`
}

/** Tenants are named by a hash in paths, never by their id. */
function tenantHash(tenant: TenantId): string {
  return createHash('sha256').update(tenant).digest('hex').slice(0, 16)
}
