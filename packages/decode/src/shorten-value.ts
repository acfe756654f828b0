import { utf8Floor } from '@vantage/bytes'
import { type AnyValue, encodeAttributes } from '@vantage/model'

/** Text is cut on a code point, bytes at the limit; a list or map that is too long becomes nothing. */
export function shortenValue(value: AnyValue, maxBytes: number): AnyValue {
  if (!isTooLong(value, maxBytes)) return value
  if (value.kind === 'bytes') return { kind: 'bytes', value: value.value.slice(0, maxBytes) }
  if (value.kind !== 'string') return { kind: 'empty' }
  const bytes = Buffer.from(value.value)
  return { kind: 'string', value: bytes.toString('utf8', 0, utf8Floor(bytes, 0, maxBytes)) }
}

export function isTooLong(value: AnyValue, maxBytes: number): boolean {
  if (value.kind === 'bytes') return value.value.length > maxBytes
  // No character takes more than three bytes for each unit.
  if (value.kind === 'string') return value.value.length * 3 > maxBytes && Buffer.byteLength(value.value) > maxBytes
  if (value.kind !== 'array' && value.kind !== 'map') return false
  return encodeAttributes([{ key: '', value }]).length > maxBytes
}
