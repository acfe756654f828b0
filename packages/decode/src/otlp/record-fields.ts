import type { FieldCursor } from '../field-cursor.ts'

/** Copies a trace or span id; empty and all zero mean absent. */
export function readId(cursor: FieldCursor, column: Uint8Array, row: number, length: number): 'invalid_id' | undefined {
  const { bytes, from, to } = cursor
  if (to === from) return undefined
  if (to - from !== length) return 'invalid_id'
  const at = row * length
  for (let i = 0; i < length; i++) column[at + i] = bytes[from + i] as number
  return undefined
}
