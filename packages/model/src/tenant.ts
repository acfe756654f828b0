/** A tenant's id; the first argument of every store and query call. */
export type TenantId = string

export const DEFAULT_TENANT: TenantId = 'default'

const TENANT_PATTERN = /^[A-Za-z0-9_-]{1,64}$/

export function isTenantId(text: string): boolean {
  return TENANT_PATTERN.test(text)
}
