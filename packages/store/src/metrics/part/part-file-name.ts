import { createHash } from 'node:crypto'
import type { TenantId } from '@vantage/model'

/** Tenants are named by a hash in paths, never by their id. */
export function partFileName(
  tenant: TenantId,
  fromOffset: number,
  toOffset: number,
  level: number,
  counter: number,
): string {
  const hash = createHash('sha256').update(tenant).digest('hex').slice(0, 16)
  return `${fromOffset}-${toOffset}-${level}-${hash}-${counter}.part`
}
