import type { ColumnValues, Dictionary, Ranges } from './column-values.ts'
import { nativeDictionary } from './native-dictionary.ts'

/** More different values than these, or than one in four, are no dictionary. */
const ENTRIES_MAX = 4096
const SHARE_MAX = 0.25
const ENTRIES_MIN = 16
/** Of the first values hardly two are the same: the others are not looked at. */
const SAMPLE_VALUES = 1024
const SAMPLE_ENTRIES_MAX = 768
/** Memory that most dictionaries fit. */
const ENTRY_BYTES = 4096

/** @returns undefined where too few values repeat, or the column has none that may be looked up */
export function dictionaryOf(values: ColumnValues): Dictionary | undefined {
  if (values.count === 0) return undefined
  switch (values.kind) {
    case 'coded':
      return usedEntries(values.codes, values.entries, values.count)
    case 'ranges':
      return values.known === undefined ? textDictionary(values.ranges, values.count) : values.known.dictionary
    case 'ints':
      return numberDictionary(values.count, 4, (place) => values.ints[place] as number, writeInt)
    case 'longs':
      return numberDictionary(values.count, 8, (place) => longAt(values.halves, place), writeLong)
    default:
      return undefined
  }
}

/** More different values are no dictionary. */
export function entriesMax(count: number): number {
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

/** Texts that hardly repeat are told by the first ones, before all bytes are copied for the SIMD module. */
function textDictionary(ranges: Ranges, count: number): Dictionary | undefined {
  const most = entriesMax(count)
  if (count <= SAMPLE_VALUES) return rangeDictionary(ranges, count, most)
  if (rangeDictionary(ranges, SAMPLE_VALUES, most) === undefined) return undefined
  const native = nativeDictionary()
  const found = native === undefined ? false : native.of(ranges, count, most)
  return found === false ? rangeDictionary(ranges, count, most) : found
}

/** Open addressing over the bytes of the entries, which lie one behind the other. */
export function rangeDictionary({ bytes, from, to }: Ranges, count: number, most: number): Dictionary | undefined {
  const mask = ENTRIES_MAX * 4 - 1
  const table = new Int32Array(mask + 1).fill(-1)
  const starts = new Int32Array(most + 1)
  const codes = new Int32Array(count)
  let known = new Uint8Array(ENTRY_BYTES)
  let entries = 0
  for (let i = 0; i < count; i++) {
    const start = from[i] as number
    const end = to[i] as number
    let slot = hashRange(bytes, start, end) & mask
    let code = table[slot] as number
    while (code >= 0 && !isEntry(known, starts[code] as number, starts[code + 1] as number, bytes, start, end)) {
      slot = (slot + 1) & mask
      code = table[slot] as number
    }
    if (code < 0) {
      if (entries === most || (i < SAMPLE_VALUES && entries === SAMPLE_ENTRIES_MAX)) return undefined
      code = entries++
      table[slot] = code
      const top = starts[code] as number
      if (top + end - start > known.length) known = grown(known, top + end - start)
      known.set(bytes.subarray(start, end), top)
      starts[entries] = top + end - start
    }
    codes[i] = code
  }
  const list = Array.from({ length: entries }, (_, code) => known.subarray(starts[code], starts[code + 1]))
  return { codes, entries: list }
}

function grown(bytes: Uint8Array, least: number): Uint8Array<ArrayBuffer> {
  const next = new Uint8Array(Math.max(least, bytes.length * 2))
  next.set(bytes)
  return next
}

function hashRange(bytes: Uint8Array, from: number, to: number): number {
  let hash = to - from
  let at = from
  // Four bytes a step.
  for (; at + 4 <= to; at += 4) {
    const word =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)
    hash = Math.imul(hash ^ word, 0x9e3779b1)
    hash ^= hash >>> 15
  }
  for (; at < to; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193)
  return hash ^ (hash >>> 15)
}

function isEntry(
  known: Uint8Array,
  knownFrom: number,
  knownTo: number,
  bytes: Uint8Array,
  from: number,
  to: number,
): boolean {
  if (knownTo - knownFrom !== to - from) return false
  const shift = from - knownFrom
  for (let k = knownFrom; k < knownTo; k++) if (known[k] !== bytes[k + shift]) return false
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
