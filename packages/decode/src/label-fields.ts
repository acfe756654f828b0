import { ByteCursor, isUtf8Range, readVarint, utf8Text } from '@vantage/bytes'
import type { LabelsOutcome } from '@vantage/model'
import { canonicalLabels } from './labels.ts'
import type { LabelLimits } from './limits.ts'

/**
 * Label pairs as Prometheus' messages spell them: repeated field 1, each with 1 name and 2 value. The same bytes in
 * remote write (`prometheus.Label`) and in the exposition (`io.prometheus.client.LabelPair`).
 */

/** Parses label fields (tag 0x0a, each a pair) in [from, to). */
export function readLabels(bytes: Uint8Array, from: number, to: number, limits: LabelLimits): LabelsOutcome {
  const pairs: string[] = []
  const cursor = new ByteCursor(bytes, from, to)
  while (cursor.at < to) {
    cursor.at++
    const length = readVarint(cursor)
    const end = cursor.at + length
    if (cursor.isBad || end > to || !readPair(cursor, end, pairs)) return malformedLabel(cursor.at - from)
    if (pairs.length === 0) return { ok: false, reason: 'invalid_utf8', message: 'label: want UTF-8' }
  }
  return canonicalLabels(pairs, limits)
}

function malformedLabel(at: number): LabelsOutcome {
  return { ok: false, reason: 'invalid_value', message: `label: malformed protobuf ${at} bytes into the series` }
}

/** Appends name and value of the pair that ends at `end`; empties `pairs` where it is not UTF-8. False where malformed. */
export function readPair(cursor: ByteCursor, end: number, pairs: string[]): boolean {
  let name = ''
  let value = ''
  while (cursor.at < end) {
    const tag = readVarint(cursor)
    const isText = tag === 0x0a || tag === 0x12
    if (!isText) {
      if (!skipPlain(cursor, tag, end)) return false
      continue
    }
    const length = readVarint(cursor)
    const at = cursor.at
    if (cursor.isBad || at + length > end) return false
    if (!isUtf8Range(cursor.bytes, at, at + length)) {
      pairs.length = 0
      return true
    }
    if (tag === 0x0a) name = utf8Text(cursor.bytes, at, at + length)
    else value = utf8Text(cursor.bytes, at, at + length)
    cursor.at = at + length
  }
  pairs.push(name, value)
  return true
}

/** Skips the content of an unknown field of wire type 0, 1, 2 or 5. */
export function skipPlain(cursor: ByteCursor, tag: number, end: number): boolean {
  const wireType = tag % 8
  if (tag < 8 || cursor.isBad) return false
  if (wireType === 0) readVarint(cursor)
  else if (wireType === 1) cursor.at += 8
  else if (wireType === 5) cursor.at += 4
  else if (wireType === 2) {
    const length = readVarint(cursor)
    cursor.at += length
  } else return false
  return !cursor.isBad && cursor.at <= end
}
