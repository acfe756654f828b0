import { ByteCursor, readVarint, readVarint64 } from '@vantage/bytes'

/**
 * Walks the fields of one message. After `nextField` is true, `tag` names the field and its content is
 * [from, to): for varints and fixed widths the value's own bytes. `isBad` tells a bad end from a good one.
 */
export class FieldCursor {
  bytes: Uint8Array = new Uint8Array(0)
  at = 0
  end = 0
  tag = 0
  from = 0
  to = 0
  isBad = false

  reset(bytes: Uint8Array, at: number, end: number): void {
    this.bytes = bytes
    this.at = at
    this.end = end
    this.isBad = false
  }
}

/** @returns false at the end of the message, or where it is malformed (then `isBad`) */
export function nextField(cursor: FieldCursor): boolean {
  const bytes = cursor.bytes
  let at = cursor.at
  if (at >= cursor.end || cursor.isBad) return false
  let tag = bytes[at++] as number
  if (tag >= 0x80) {
    const second = at < cursor.end ? (bytes[at++] as number) : 0x80
    if (second >= 0x80) return slowField(cursor)
    tag = (tag & 0x7f) | (second << 7)
  }
  const wireType = tag & 7
  cursor.tag = tag
  cursor.from = at
  if (wireType === 2) {
    let length = at < cursor.end ? (bytes[at++] as number) : 0x80
    if (length >= 0x80) {
      const second = at < cursor.end ? (bytes[at++] as number) : 0x80
      if (second >= 0x80) return slowField(cursor)
      length = (length & 0x7f) | (second << 7)
    }
    cursor.from = at
    at += length
  } else if (wireType === 1) at += 8
  else if (wireType === 5) at += 4
  else if (wireType === 0 && at < cursor.end && (bytes[at] as number) < 0x80) at++
  else return slowField(cursor)
  if (at > cursor.end || tag < 8) return bad(cursor)
  cursor.to = at
  cursor.at = at
  return true
}

function slowField(cursor: FieldCursor): boolean {
  const reader = new ByteCursor(cursor.bytes, cursor.at, cursor.end)
  const tag = readVarint(reader)
  if (reader.isBad || tag < 8 || tag > 0xffffffff) return bad(cursor)
  const wireType = tag % 8
  cursor.tag = tag
  cursor.from = reader.at
  if (wireType === 0) readVarint64(reader)
  else if (wireType === 1) reader.at += 8
  else if (wireType === 5) reader.at += 4
  else if (wireType === 2) {
    const length = readVarint(reader)
    cursor.from = reader.at
    reader.at += length
  } else return bad(cursor)
  if (reader.isBad || reader.at > cursor.end) return bad(cursor)
  cursor.to = reader.at
  cursor.at = reader.at
  return true
}

function bad(cursor: FieldCursor): boolean {
  cursor.isBad = true
  return false
}

/** Value of the varint field the cursor stands on, up to 2^53. */
export function fieldVarint(cursor: FieldCursor): number {
  const first = cursor.bytes[cursor.from] as number
  if (first < 0x80) return first
  return readVarint(new ByteCursor(cursor.bytes, cursor.from, cursor.to))
}
