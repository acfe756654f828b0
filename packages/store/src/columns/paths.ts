import { createHash } from 'node:crypto'
import type { TenantId } from '@vantage/model'

/** What lies in the store's directory. */
export const CATALOGUE_FILE = 'columns.sqlite'
export const FILES_DIRECTORY = 'files'

/**
 * Name of a file and its filter file, without their endings. Tenants are named by a hash in paths, never by their id.
 * @param counter of this process, so that no name is used twice
 */
export function columnFileName(
  signal: string,
  tenant: TenantId,
  range: { readonly fromOffset: number; readonly toOffset: number },
  level: number,
  counter: number,
): string {
  const hash = createHash('sha256').update(tenant).digest('hex').slice(0, 16)
  return `${signal}-${range.fromOffset}-${range.toOffset}-${level}-${hash}-${counter}`
}
