import { ByteCursor, readFixed64, readVarint, readVarintSigned, utf8Floor, utf8Text } from '@vantage/bytes'
import type { MetricBatch, MetricType } from '@vantage/model'
import { pushExemplar } from '../exemplar.ts'
import { readPair, skipPlain } from '../label-fields.ts'
import { HELP_BYTES_MAX, METADATA_MAX_PER_REQUEST } from '../limits.ts'

/**
 * The parts of a WriteRequest that are not hot.
 *
 *     Label           1 name string   2 value string
 *     Exemplar        1 labels*       2 value double   3 timestamp int64 (ms)
 *     MetricMetadata  1 type enum     2 metric_family_name string   4 help string   5 unit string
 */

const METRIC_TYPES: readonly MetricType[] = [
  'unknown',
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
]

/** Reads an Exemplar of a row; drops it with a warning where it is bad or too many came. */
export function readExemplar(bytes: Uint8Array, from: number, to: number, batch: MetricBatch, row: number): void {
  const cursor = new ByteCursor(bytes, from, to)
  const pairs: string[] = []
  const scratch = new Float64Array(1)
  const halves = new Uint32Array(scratch.buffer)
  let timeMs = 0
  let isGood = true
  let pairCount = 0
  while (isGood && cursor.at < to) {
    const tag = readVarint(cursor)
    if (tag === 0x0a) {
      const length = readVarint(cursor)
      const end = cursor.at + length
      pairCount += 2
      isGood = !cursor.isBad && end <= to && readPair(cursor, end, pairs) && pairs.length === pairCount
    } else if (tag === 0x11) {
      isGood = readFixed64(cursor)
      halves[0] = cursor.low
      halves[1] = cursor.high
    } else if (tag === 0x18) {
      timeMs = readVarintSigned(cursor)
      isGood = !cursor.isBad
    } else isGood = skipPlain(cursor, tag, to)
  }
  pushExemplar(batch, row, isGood ? pairs : undefined, scratch[0] as number, timeMs)
}

/** The same of version 2.0, whose labels are references: 1 labels_refs*, 2 value double, 3 timestamp int64 (ms). */
export function readExemplarV2(
  cursor: ByteCursor,
  bytes: Uint8Array,
  from: number,
  to: number,
  batch: MetricBatch,
  symbolText: (ref: number) => string | undefined,
): void {
  cursor.reset(bytes, from, to)
  const pairs: (string | undefined)[] = []
  const scratch = new Float64Array(1)
  const halves = new Uint32Array(scratch.buffer)
  let timeMs = 0
  let isGood = true
  while (isGood && cursor.at < to) {
    const tag = readVarint(cursor)
    if (tag === 0x0a) {
      const length = readVarint(cursor)
      const end = cursor.at + length
      isGood = end <= to
      while (isGood && cursor.at < end && !cursor.isBad) pairs.push(symbolText(readVarint(cursor)))
    } else if (tag === 0x08) pairs.push(symbolText(readVarint(cursor)))
    else if (tag === 0x11) {
      isGood = readFixed64(cursor)
      halves[0] = cursor.low
      halves[1] = cursor.high
    } else if (tag === 0x18) timeMs = readVarintSigned(cursor)
    else isGood = skipPlain(cursor, tag, to)
    if (cursor.isBad) isGood = false
  }
  isGood = isGood && pairs.length % 2 === 0 && !pairs.includes(undefined)
  pushExemplar(batch, batch.rowCount, isGood ? (pairs as string[]) : undefined, scratch[0] as number, timeMs)
}

/** Reads one MetricMetadata. False where malformed. */
export function readMetadata(bytes: Uint8Array, from: number, to: number, batch: MetricBatch): boolean {
  const cursor = new ByteCursor(bytes, from, to)
  const texts = ['', '', '', '', '', '']
  let type = 0
  while (cursor.at < to) {
    const tag = readVarint(cursor)
    const field = tag >>> 3
    if (tag === 0x08) type = readVarint(cursor)
    else if (tag === 0x12 || tag === 0x22 || tag === 0x2a) {
      const length = readVarint(cursor)
      const at = cursor.at
      if (cursor.isBad || at + length > to) return false
      const kept = utf8Floor(bytes, at, Math.min(at + length, at + HELP_BYTES_MAX))
      texts[field] = utf8Text(bytes, at, kept)
      cursor.at = at + length
    } else if (!skipPlain(cursor, tag, to)) return false
    if (cursor.isBad) return false
  }
  const [, , metric = '', , help = '', unit = ''] = texts
  pushMetadata(batch, metric, type, help, unit)
  return true
}

/** @param type the number of the wire */
export function pushMetadata(batch: MetricBatch, metric: string, type: number, help: string, unit: string): void {
  if (metric === '' || batch.metadata.length >= METADATA_MAX_PER_REQUEST) return
  batch.metadata.push({ metric, type: METRIC_TYPES[type] ?? 'unknown', unit, help: help.slice(0, HELP_BYTES_MAX) })
}
