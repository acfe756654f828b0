import type { ColumnValues, Ranges } from './column-values.ts'

/** More different values than these, or than one in four, are no dictionary. */
const ENTRIES_MAX = 4096
const SHARE_MAX = 0.25
const ENTRIES_MIN = 16
/** Of the first values hardly two are the same: the others are not looked at. */
const SAMPLE_VALUES = 1024
const SAMPLE_ENTRIES_MAX = 768

/** Different values in the order they were met, and the place of each value among them. */
export interface Dictionary {
  readonly codes: Int32Array
  readonly entries: readonly Uint8Array[]
}

/** @returns undefined where too few values repeat, or the column has none that may be looked up */
export function dictionaryOf(values: ColumnValues): Dictionary | undefined {
  if (values.count === 0) return undefined
  switch (values.kind) {
    case 'coded':
      return usedEntries(values.codes, values.entries, values.count)
    case 'ranges':
      return rangeDictionary(values.ranges, values.count)
    case 'ints':
      return numberDictionary(values.count, 4, (place) => values.ints[place] as number, writeInt)
    case 'longs':
      return numberDictionary(values.count, 8, (place) => longAt(values.halves, place), writeLong)
    default:
      return undefined
  }
}

function entriesMax(count: number): number {
  return Math.max(ENTRIES_MIN, Math.min(ENTRIES_MAX, Math.floor(count * SHARE_MAX)))
}

function usedEntries(codes: Int32Array, entries: readonly Uint8Array[], count: number): Dictionary {
  const places = new Int32Array(entries.length).fill(-1)
  const used: Uint8Array[] = []
  const out = new Int32Array(count)
  for (let i = 0; i < count; i++) {
    const code = codes[i] as number
    if (places[code] === -1) {
      places[code] = used.length
      used.push(entries[code] as Uint8Array)
    }
    out[i] = places[code] as number
  }
  return { codes: out, entries: used }
}

/** Open addressing over the bytes of the entries. */
function rangeDictionary({ bytes, from, to }: Ranges, count: number): Dictionary | undefined {
  const most = entriesMax(count)
  const mask = ENTRIES_MAX * 4 - 1
  const table = new Int32Array(mask + 1).fill(-1)
  const entries: Uint8Array[] = []
  const codes = new Int32Array(count)
  for (let i = 0; i < count; i++) {
    const start = from[i] as number
    const end = to[i] as number
    let slot = hashRange(bytes, start, end) & mask
    let code = table[slot] as number
    while (code >= 0 && !isRange(entries[code] as Uint8Array, bytes, start, end)) {
      slot = (slot + 1) & mask
      code = table[slot] as number
    }
    if (code < 0) {
      if (entries.length === most || (i < SAMPLE_VALUES && entries.length === SAMPLE_ENTRIES_MAX)) return undefined
      code = entries.length
      table[slot] = code
      entries.push(bytes.slice(start, end))
    }
    codes[i] = code
  }
  return { codes, entries }
}

function hashRange(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193)
  return hash ^ (hash >>> 15)
}

function isRange(entry: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  if (entry.length !== to - from) return false
  for (let k = 0; k < entry.length; k++) if (entry[k] !== bytes[from + k]) return false
  return true
}

/** Whole numbers that a double holds; others end it. */
function numberDictionary(
  count: number,
  width: number,
  valueAt: (place: number) => number,
  write: (value: number, out: DataView) => void,
): Dictionary | undefined {
  const most = Math.min(256, entriesMax(count))
  const places = new Map<number, number>()
  const codes = new Int32Array(count)
  let lastValue = Number.NaN
  let lastCode = 0
  for (let i = 0; i < count; i++) {
    const value = valueAt(i)
    if (value !== lastValue) {
      if (!Number.isSafeInteger(value)) return undefined
      let code = places.get(value)
      if (code === undefined) {
        if (places.size === most) return undefined
        code = places.size
        places.set(value, code)
      }
      lastValue = value
      lastCode = code
    }
    codes[i] = lastCode
  }
  const entries = [...places.keys()].map((value) => {
    const entry = new Uint8Array(width)
    write(value, new DataView(entry.buffer))
    return entry
  })
  return { codes, entries }
}

function writeInt(value: number, out: DataView): void {
  out.setInt32(0, value, true)
}

function writeLong(value: number, out: DataView): void {
  out.setBigInt64(0, BigInt(value), true)
}

/** The value, or a number that is not safe where a double does not hold it. */
function longAt(halves: Int32Array, place: number): number {
  return (halves[place * 2 + 1] as number) * 2 ** 32 + ((halves[place * 2] as number) >>> 0)
}
