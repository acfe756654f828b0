/**
 * Attribute bytes (`attribute-codec.ts`) walked without making objects: what a reader asks of many rows.
 * Bytes were checked before they came here; a length that leads outside ends the walk.
 */

/** A place in attribute bytes: `keyFrom … valueTo` are of the attribute that `nextAttribute` found. */
export class AttributeCursor {
  bytes: Uint8Array = new Uint8Array(0)
  at = 0
  end = 0
  keyFrom = 0
  keyTo = 0
  /** The AnyValue message. */
  valueFrom = 0
  valueTo = 0

  reset(bytes: Uint8Array, from: number, to: number): void {
    this.bytes = bytes
    this.at = from
    this.end = to
  }
}

/** Moves to the next attribute. @returns false where there is none */
export function nextAttribute(cursor: AttributeCursor): boolean {
  if (cursor.at >= cursor.end) return false
  const { end } = cursor
  cursor.at++
  const messageEnd = fieldEnd(cursor, end)
  cursor.keyFrom = cursor.keyTo = cursor.valueFrom = cursor.valueTo = messageEnd
  while (cursor.at < messageEnd) {
    const tag = cursor.bytes[cursor.at++] as number
    if (tag !== 0x0a && tag !== 0x12) {
      if (!skipField(cursor, tag & 7, messageEnd)) break
      continue
    }
    const to = fieldEnd(cursor, messageEnd)
    if (tag === 0x0a) {
      cursor.keyFrom = cursor.at
      cursor.keyTo = to
    } else {
      cursor.valueFrom = cursor.at
      cursor.valueTo = to
    }
    cursor.at = to
  }
  cursor.at = messageEnd
  return true
}

function fieldEnd(cursor: AttributeCursor, end: number): number {
  const bytes = readLength(cursor)
  return Math.min(end, cursor.at + bytes)
}

function readLength(cursor: AttributeCursor): number {
  let value = 0
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = cursor.bytes[cursor.at++] ?? 0
    value += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) break
  }
  return value
}

function skipField(cursor: AttributeCursor, wireType: number, end: number): boolean {
  if (wireType === 0) {
    while (cursor.at < end && (cursor.bytes[cursor.at++] as number) >= 0x80);
    return true
  }
  if (wireType === 1) cursor.at += 8
  else if (wireType === 5) cursor.at += 4
  else if (wireType === 2) cursor.at = fieldEnd(cursor, end)
  else return false
  return cursor.at <= end
}

export function isBytes(bytes: Uint8Array, from: number, to: number, wanted: Uint8Array): boolean {
  if (to - from !== wanted.length) return false
  for (let k = 0; k < wanted.length; k++) if (bytes[from + k] !== wanted[k]) return false
  return true
}
