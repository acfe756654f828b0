import { isZero } from '@vantage/model'

/** Keeps those of `rows[0, count)` that have exactly this id, in their order. @returns how many */
export function filterId(ids: Uint8Array, wanted: Uint8Array, rows: Int32Array, count: number): number {
  const width = wanted.length
  let kept = 0
  for (let i = 0; i < count; i++) {
    const row = rows[i] as number
    if (isIdAt(ids, row * width, wanted)) rows[kept++] = row
  }
  return kept
}

/** The same, and those that have none. */
export function filterIdOrNone(ids: Uint8Array, wanted: Uint8Array, rows: Int32Array, count: number): number {
  const width = wanted.length
  let kept = 0
  for (let i = 0; i < count; i++) {
    const row = rows[i] as number
    const at = row * width
    if (isIdAt(ids, at, wanted) || isZero(ids, at, at + width)) rows[kept++] = row
  }
  return kept
}

export function isIdAt(ids: Uint8Array, at: number, wanted: Uint8Array): boolean {
  for (let k = 0; k < wanted.length; k++) if (ids[at + k] !== wanted[k]) return false
  return true
}
