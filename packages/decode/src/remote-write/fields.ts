import { type ByteCursor, readVarint, readVarint64, readVarintSigned } from '@vantage/bytes'
import { type Fault, fault, type MetricBatch } from '@vantage/model'

/** What both versions of remote write read alike: samples, lengths and unknown fields. */

/**
 * Fast path: value then timestamp, both there, nothing else; anything else is read field by field.
 * @param startTag of the time since when the sample counts
 */
export function readSample(cursor: ByteCursor, seriesEnd: number, batch: MetricBatch, startTag: number): boolean {
  const bytes = cursor.bytes
  const at = cursor.at
  const length = bytes[at + 1] as number
  const end = at + 2 + length
  if (batch.sampleCount === batch.times.length) batch.growSamples()
  if (length >= 11 && length < 0x80 && end <= seriesEnd && bytes[at + 2] === 0x09 && bytes[at + 11] === 0x10) {
    let low = 0
    let high = 0
    let shift = 0
    let to = at + 12
    // Up to 8 bytes of varint hold 56 bits: every time until the year 2 285 000.
    for (const stop = Math.min(end, to + 8); to < stop; shift += 7) {
      const byte = bytes[to++] as number
      if (shift < 28) low |= (byte & 0x7f) << shift
      else high |= (byte & 0x7f) << (shift - 28)
      if (byte < 0x80) break
    }
    if (to === end && (bytes[to - 1] as number) < 0x80) {
      const sample = batch.sampleCount++
      batch.times[sample] = high * 268435456 + low
      copyHalves(bytes, at + 3, batch.halves, sample * 2)
      cursor.at = end
      return true
    }
  }
  cursor.at = at + 1
  const slowEnd = fieldEnd(cursor, seriesEnd)
  if (slowEnd < 0) return false
  return readSlowSample(cursor, slowEnd, batch, startTag)
}

function copyHalves(bytes: Uint8Array, at: number, halves: Uint32Array, to: number): void {
  halves[to] =
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  halves[to + 1] =
    (bytes[at + 4] as number) |
    ((bytes[at + 5] as number) << 8) |
    ((bytes[at + 6] as number) << 16) |
    ((bytes[at + 7] as number) << 24)
}

/** A sample in any field order, with defaults (0) for absent fields and unknown ones skipped. */
function readSlowSample(cursor: ByteCursor, end: number, batch: MetricBatch, startTag: number): boolean {
  const outerEnd = cursor.end
  cursor.end = end
  const sample = batch.sampleCount
  batch.times[sample] = 0
  batch.halves[sample * 2] = 0
  batch.halves[sample * 2 + 1] = 0
  let startMs = 0
  let isGood = true
  while (isGood && cursor.at < end) {
    const at = cursor.at
    const tag = readVarint(cursor)
    if (tag === 0x09) {
      isGood = cursor.at + 8 <= end
      if (isGood) copyHalves(cursor.bytes, cursor.at, batch.halves, sample * 2)
      cursor.at += 8
    } else if (tag === 0x10) batch.times[sample] = readVarintSigned(cursor)
    else if (tag === startTag) startMs = readVarintSigned(cursor)
    else isGood = skipField(cursor, tag, at) === undefined
    if (cursor.isBad) isGood = false
  }
  cursor.end = outerEnd
  batch.noteStart(sample, startMs)
  batch.sampleCount++
  return isGood
}

/** Reads a length; @returns the end of the field's content, or −1 where it leaves `end` */
export function fieldEnd(cursor: ByteCursor, end: number): number {
  if (cursor.at >= end) return -1
  const length = readVarint(cursor)
  const to = cursor.at + length
  return cursor.isBad || to > end ? -1 : to
}

/** Skips an unknown field whose tag was read. Groups (wire types 3 and 4) are not part of proto3. */
export function skipField(cursor: ByteCursor, tag: number, at: number): Fault | undefined {
  if (cursor.isBad || tag < 8) return cut('tag', at, cursor.end - at)
  const wireType = tag % 8
  if (wireType === 0) readVarint64(cursor)
  else if (wireType === 1) cursor.at += 8
  else if (wireType === 5) cursor.at += 4
  else if (wireType === 2) {
    const length = readVarint(cursor)
    cursor.at += length
  } else return fault('bad_request', `protobuf: want wire type 0, 1, 2 or 5, got ${wireType} at offset ${at}`)
  if (cursor.isBad || cursor.at > cursor.end) return cut('unknown field', at, cursor.end - at)
  return undefined
}

export function cut(what: string, at: number, left: number): Fault {
  return fault('bad_request', `protobuf: want a whole ${what} at offset ${at}, got ${left} bytes that do not hold it`)
}

export function tooMany(what: string, max: number): Fault {
  return fault('too_large', `want at most ${max} ${what} in one request, got more`)
}
