import { type AnyValue, decodeValue } from '@vantage/model'

/** Reads varints of a column's bytes; one for each view, so that a row costs no allocation. */
class Cursor {
  bytes: Uint8Array = new Uint8Array(0)
  at = 0

  varint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.bytes[this.at++] ?? 0
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) break
    }
    return value >>> 0
  }

  /** The end of a field with a length, never behind `end`. */
  fieldEnd(end: number): number {
    const length = this.varint()
    return Math.min(end, this.at + length)
  }
}

const KEY_TAG = 0x0a
const VALUE_TAG = 0x12
const cursor = new Cursor()

/**
 * Finds one attribute without decoding the others; of a repeated key the last.
 * @param bytes attributes [from, to) as `attribute-codec.ts` of model describes them
 * @param key UTF-8
 */
export function findAttribute(bytes: Uint8Array, from: number, to: number, key: Uint8Array): AnyValue | undefined {
  let valueFrom = -1
  let valueTo = -1
  cursor.bytes = bytes
  cursor.at = from
  while (cursor.at < to) {
    cursor.varint()
    const end = cursor.fieldEnd(to)
    let isWanted = false
    let innerFrom = end
    let innerTo = end
    while (cursor.at < end) {
      const tag = cursor.varint()
      const fieldTo = cursor.fieldEnd(end)
      if (tag === KEY_TAG) isWanted = isEqual(bytes, cursor.at, fieldTo, key)
      else if (tag === VALUE_TAG) {
        innerFrom = cursor.at
        innerTo = fieldTo
      } else break
      cursor.at = fieldTo
    }
    if (isWanted) {
      valueFrom = innerFrom
      valueTo = innerTo
    }
    cursor.at = end
  }
  return valueFrom < 0 ? undefined : decodeValue(bytes, valueFrom, valueTo)
}

function isEqual(bytes: Uint8Array, from: number, to: number, key: Uint8Array): boolean {
  if (to - from !== key.length) return false
  for (let i = 0; i < key.length; i++) if (bytes[from + i] !== key[i]) return false
  return true
}
