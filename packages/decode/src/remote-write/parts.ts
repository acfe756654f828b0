import { ByteCursor, isUtf8Range, readFixed64, readVarint, readVarintSigned, utf8Floor, utf8Text } from '@vantage/bytes'
import { type Labels, type LabelsOutcome, labelsFrom, type MetricBatch, type MetricType } from '@vantage/model'
import { canonicalLabels } from '../labels.ts'
import {
  EXEMPLAR_LABEL_BYTES_MAX,
  EXEMPLARS_MAX_PER_REQUEST,
  HELP_BYTES_MAX,
  type LabelLimits,
  METADATA_MAX_PER_REQUEST,
} from '../limits.ts'
import { warnOnce } from '../refusals.ts'

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

/** Parses label fields (tag 0x0a, each a Label) in [from, to). */
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

/** Appends name and value of the Label that ends at `end`; empties `pairs` where it is not UTF-8. False where malformed. */
function readPair(cursor: ByteCursor, end: number, pairs: string[]): boolean {
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
function skipPlain(cursor: ByteCursor, tag: number, end: number): boolean {
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

function pushExemplar(
  batch: MetricBatch,
  row: number,
  pairs: readonly string[] | undefined,
  value: number,
  timeMs: number,
): void {
  if (batch.exemplars.length >= EXEMPLARS_MAX_PER_REQUEST) {
    warnOnce(batch, `exemplars beyond ${EXEMPLARS_MAX_PER_REQUEST} in one request were dropped`)
    return
  }
  const labels = pairs === undefined ? undefined : exemplarLabels(pairs)
  if (labels === undefined) warnOnce(batch, 'exemplar dropped: its labels are malformed, not UTF-8 or too long')
  else batch.exemplars.push({ row, exemplar: { labels, value, timeMs } })
}

function exemplarLabels(pairs: readonly string[]): Labels | undefined {
  let bytes = 0
  const entries: [string, string][] = []
  for (let i = 0; i < pairs.length; i += 2) {
    const name = pairs[i] as string
    const value = pairs[i + 1] as string
    if (name === '') return undefined
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value)
    entries.push([name, value])
  }
  return bytes > EXEMPLAR_LABEL_BYTES_MAX ? undefined : labelsFrom(entries)
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
