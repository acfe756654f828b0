import type { ColumnSpec, ColumnValues, Dictionary } from './column-values.ts'

/** Smallest and largest value of a column in a row group, as Parquet writes a plain value. */
export interface Statistics {
  readonly least: Uint8Array
  readonly most: Uint8Array
}

/** Longer texts say little and cost much. */
const TEXT_BYTES_MAX = 128

/** @returns undefined where none are kept: ids, long texts, doubles, bytes that are no text */
export function statisticsOf(
  spec: ColumnSpec,
  values: ColumnValues,
  dictionary: Dictionary | undefined,
): Statistics | undefined {
  if (values.count === 0 || spec.isPlain === true) return undefined
  if (values.kind === 'longs') return longStatistics(values.halves, values.count)
  // Large unsigned numbers are negative here.
  if (values.kind === 'ints' && spec.annotation !== 'u32') return intStatistics(values.ints, values.count)
  if (spec.annotation === 'utf8' && dictionary !== undefined) return textStatistics(dictionary.entries)
  return undefined
}

function longStatistics(halves: Int32Array, count: number): Statistics {
  let least = 0
  let most = 0
  for (let i = 1; i < count; i++) {
    if (isLess(halves, i, least)) least = i
    if (isLess(halves, most, i)) most = i
  }
  const bytes = new Uint8Array(halves.buffer, halves.byteOffset, halves.byteLength)
  return { least: bytes.slice(least * 8, least * 8 + 8), most: bytes.slice(most * 8, most * 8 + 8) }
}

function isLess(halves: Int32Array, i: number, j: number): boolean {
  const high = (halves[i * 2 + 1] as number) - (halves[j * 2 + 1] as number)
  return high !== 0 ? high < 0 : (halves[i * 2] as number) >>> 0 < (halves[j * 2] as number) >>> 0
}

function intStatistics(ints: Int32Array, count: number): Statistics {
  let least = ints[0] as number
  let most = least
  for (let i = 1; i < count; i++) {
    least = Math.min(least, ints[i] as number)
    most = Math.max(most, ints[i] as number)
  }
  return { least: intBytes(least), most: intBytes(most) }
}

function intBytes(value: number): Uint8Array {
  return new Uint8Array(Int32Array.of(value).buffer)
}

function textStatistics(entries: readonly Uint8Array[]): Statistics | undefined {
  if (entries.some((entry) => entry.length > TEXT_BYTES_MAX)) return undefined
  let [least] = entries
  let [most] = entries
  if (least === undefined || most === undefined) return undefined
  for (const entry of entries) {
    if (Buffer.compare(entry, least) < 0) least = entry
    if (Buffer.compare(entry, most) > 0) most = entry
  }
  return { least, most }
}
