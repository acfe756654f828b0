/**
 * Takes attributes of rows apart, as `AttributeShredder` of the store does, which is the referee. AssemblyScript, compiled
 * with kernels.ts into one module; callers own the bounds.
 */
import { hashText, isSameText, TEXT_FACTOR } from './text-hash'

/**
 * The block of `shred`, whose tables its caller fills (native-shredder.ts of the store):
 *
 *     0       1,024 slots of keys, u32: key + 1, or 0
 *     4,096   1,024 slots of layouts, u32: layout + 1, or 0
 *     8,192   256 keys, 32 bytes each: name, its length, tag, memory, entries, count, last row, room (u32 each)
 *     16,384  256 layouts: first id and count, u32 each
 *     18,432  256 ids of the row at hand, u32
 *     20,480  ids of layouts, u32
 *
 * The memory of a key, where `room` values fit: rows, u32 each; texts: begins, then ends, others 8 bytes each; of texts, in
 * the order of the values, places among the different ones, u32; then a table of 16,384 slots (entry + 1, or 0), u32, and
 * the different ones, begin and end, u32. `entries` counts those; it is -1 where they are too many to be a dictionary.
 */
const SLOT_MASK: usize = 1023
const LAYOUT_SLOTS: usize = 4096
const KEYS: usize = 8192
const LAYOUTS: usize = 16384
const ROW_IDS: usize = 18432
const LAYOUT_IDS: usize = 20480
const ROW_IDS_MAX: i32 = 255
const ENTRY_SLOTS: usize = 16384
/** As `rangeDictionary` of the store has them. */
const ENTRIES_MAX: i32 = 4096
const SAMPLE_VALUES: usize = 1024
const SAMPLE_ENTRIES_MAX: i32 = 768
const TEXT: u32 = 0x0a
const BOOL: u32 = 0x10
const INT: u32 = 0x18
const DOUBLE: u32 = 0x21

/** Of the attribute that `readAttribute` read: key and value. */
let keyFrom: usize = 0
let keyLength: usize = 0
let valueTag: u32 = 0
/** Of a text begin and end, of others their bits. */
let valueBits: u64 = 0

/**
 * Rows [row, rows): of each attribute the row and the value go behind those that its key has, and the place of the row's
 * layout to `codes`, -1 where it has no attributes. Ends before the first row with an attribute that is not one plain key
 * and value, whose key or layout is in no table, or that has a key twice. Up to 15 bytes behind each row are read.
 * @param froms where each row begins in `bytes` and `ends` where it ends, i32
 * @param last layout of the row before, or -1
 * @returns the row that it ended before
 */
export function shred(
  bytes: usize,
  froms: usize,
  ends: usize,
  row: i32,
  rows: i32,
  codes: usize,
  block: usize,
  last: i32,
): i32 {
  let layout = last
  for (let r = row; r < rows; r++) {
    const end = bytes + <usize>load<u32>(ends + (<usize>r << 2))
    let at = bytes + <usize>load<u32>(froms + (<usize>r << 2))
    let count: i32 = 0
    let guesses: i32 = 0
    let guess: usize = 0
    if (layout >= 0) {
      const entry = block + LAYOUTS + (<usize>layout << 3)
      guess = block + LAYOUT_IDS + (<usize>load<u32>(entry) << 2)
      guesses = <i32>load<u32>(entry, 4)
    }
    let isSame = true
    while (at < end) {
      const next = readAttribute(at, end, bytes)
      if (next == 0 || count == ROW_IDS_MAX) return undo(block, r, count)
      let id: i32 = -1
      if (count < guesses) {
        const guessed = <i32>load<u32>(guess + (<usize>count << 2))
        if (isKey(block + KEYS + (<usize>guessed << 5))) id = guessed
      }
      if (id < 0) {
        id = findKey(block)
        if (id < 0) return undo(block, r, count)
        isSame = false
      }
      if (!put(block + KEYS + (<usize>id << 5), r, bytes)) return undo(block, r, count)
      store<u32>(block + ROW_IDS + (<usize>count << 2), <u32>id)
      count++
      at = next
    }
    if (count == 0) {
      store<i32>(codes + (<usize>r << 2), -1)
      continue
    }
    if (!isSame || count != guesses) {
      const found = findLayout(block, count)
      if (found < 0) return undo(block, r, count)
      layout = found
    }
    store<i32>(codes + (<usize>r << 2), layout)
  }
  return rows
}

/** Takes the values of a row back. @returns the row */
function undo(block: usize, row: i32, count: i32): i32 {
  for (let i = 0; i < count; i++) {
    const id = <usize>load<u32>(block + ROW_IDS + (<usize>i << 2))
    const key = block + KEYS + (id << 5)
    store<u32>(key, load<u32>(key, 20) - 1, 20)
  }
  return row
}

/** @returns false where the row has the key already, or there is no room */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function put(key: usize, row: i32, bytes: usize): bool {
  const count = <usize>load<u32>(key, 20)
  const room = <usize>load<u32>(key, 28)
  if (load<i32>(key, 24) == row || count == room) return false
  store<i32>(key, row, 24)
  store<u32>(key, <u32>(count + 1), 20)
  const memory = <usize>load<u32>(key, 12)
  store<i32>(memory + (count << 2), row)
  const values = memory + (room << 2)
  if (valueTag == INT || valueTag == DOUBLE) store<u64>(values + (count << 3), valueBits)
  else {
    store<u32>(values + (count << 2), <u32>valueBits)
    store<u32>(values + ((room + count) << 2), <u32>(valueBits >> 32))
    if (valueTag == TEXT) encode(key, count, bytes, <u32>valueBits, <u32>(valueBits >> 32))
  }
  return true
}

/** Notes the place of text [from, to) of a key's value `at` among the different ones. */
export function encode(key: usize, at: usize, bytes: usize, from: u32, to: u32): void {
  const known = load<i32>(key, 16)
  if (known < 0) return
  const room = <usize>load<u32>(key, 28)
  const codes = <usize>load<u32>(key, 12) + room * 12
  const table = codes + (room << 2)
  const entries = table + (ENTRY_SLOTS << 2)
  const length = <usize>(to - from)
  const start = bytes + <usize>from
  let slot = <usize>hashText(start, length) & (ENTRY_SLOTS - 1)
  let code = load<u32>(table + (slot << 2))
  while (code != 0) {
    const entry = entries + (<usize>(code - 1) << 3)
    const entryFrom = load<u32>(entry)
    if (<usize>(load<u32>(entry, 4) - entryFrom) == length && isSameText(bytes + <usize>entryFrom, start, length)) break
    slot = (slot + 1) & (ENTRY_SLOTS - 1)
    code = load<u32>(table + (slot << 2))
  }
  if (code == 0) {
    if (known == ENTRIES_MAX || (at < SAMPLE_VALUES && known == SAMPLE_ENTRIES_MAX)) {
      store<i32>(key, -1, 16)
      return
    }
    store<u32>(entries + (<usize>known << 3), from)
    store<u32>(entries + (<usize>known << 3), to, 4)
    code = known + 1
    store<u32>(table + (slot << 2), code)
    store<i32>(key, known + 1, 16)
  }
  store<u32>(codes + (at << 2), code - 1)
}

/** True where the key of the table is that of the attribute, with values of its type. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function isKey(key: usize): bool {
  if (<usize>load<u32>(key, 4) != keyLength || load<u32>(key, 8) != valueTag) return false
  return isSameText(<usize>load<u32>(key), keyFrom, keyLength)
}

function findKey(block: usize): i32 {
  let slot = <usize>(hashText(keyFrom, keyLength) ^ valueTag) & SLOT_MASK
  for (let id = load<u32>(block + (slot << 2)); id != 0; id = load<u32>(block + (slot << 2))) {
    if (isKey(block + KEYS + (<usize>(id - 1) << 5))) return <i32>(id - 1)
    slot = (slot + 1) & SLOT_MASK
  }
  return -1
}

/** Slot of a key among the block's: its own, or the free one where it belongs. */
export function keySlot(block: usize, name: usize, length: i32, tag: i32): i32 {
  keyFrom = name
  keyLength = <usize>length
  valueTag = <u32>tag
  let slot = <usize>(hashText(keyFrom, keyLength) ^ valueTag) & SLOT_MASK
  for (let id = load<u32>(block + (slot << 2)); id != 0; id = load<u32>(block + (slot << 2))) {
    if (isKey(block + KEYS + (<usize>(id - 1) << 5))) break
    slot = (slot + 1) & SLOT_MASK
  }
  return <i32>slot
}

/** Slot of the layout of `count` ids at the place of the row's: its own, or the free one where it belongs. */
export function layoutSlot(block: usize, count: i32): i32 {
  const ids = block + ROW_IDS
  let hash = <u64>count
  for (let i: usize = 0; i < <usize>count << 2; i += 4) {
    hash = (hash ^ <u64>load<u32>(ids + i)) * TEXT_FACTOR
    hash ^= hash >> 29
  }
  let slot = <usize>hash & SLOT_MASK
  const slots = block + LAYOUT_SLOTS
  for (let place = load<u32>(slots + (slot << 2)); place != 0; place = load<u32>(slots + (slot << 2))) {
    const entry = block + LAYOUTS + (<usize>(place - 1) << 3)
    if (load<u32>(entry, 4) == <u32>count && isSameIds(block + LAYOUT_IDS + (<usize>load<u32>(entry) << 2), ids, count)) break
    slot = (slot + 1) & SLOT_MASK
  }
  return <i32>slot
}

function findLayout(block: usize, count: i32): i32 {
  return <i32>load<u32>(block + LAYOUT_SLOTS + (<usize>layoutSlot(block, count) << 2)) - 1
}

function isSameIds(a: usize, b: usize, count: i32): bool {
  for (let i: usize = 0; i < <usize>count << 2; i += 4) if (load<u32>(a + i) != load<u32>(b + i)) return false
  return true
}

/**
 * Reads the attribute at `at`: tag, length, and in it a key of up to 127 bytes and a value, which is one text, number or
 * bool. @returns the place behind it, or 0 where it is anything else
 */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function readAttribute(at: usize, end: usize, bytes: usize): usize {
  let from = at + 2
  let length = <usize>load<u8>(at + 1)
  if (length >= 0x80) {
    const high = <usize>load<u8>(from++)
    if (high >= 0x80) return 0
    length = (length & 0x7f) | (high << 7)
  }
  const to = from + length
  if (to > end || load<u8>(from) != 0x0a) return 0
  keyLength = <usize>load<u8>(from + 1)
  keyFrom = from + 2
  let value = keyFrom + keyLength
  if (keyLength > 0x7f || value + 4 > to || load<u8>(value) != 0x12) return 0
  length = <usize>load<u8>(value + 1)
  value += 2
  if (length >= 0x80) {
    const high = <usize>load<u8>(value++)
    if (high >= 0x80) return 0
    length = (length & 0x7f) | (high << 7)
  }
  if (value + length != to || length < 2) return 0
  valueTag = <u32>load<u8>(value)
  if (valueTag == TEXT) {
    let text = value + 2
    length = <usize>load<u8>(value + 1)
    if (length >= 0x80) {
      const high = <usize>load<u8>(text++)
      if (high >= 0x80) return 0
      length = (length & 0x7f) | (high << 7)
    }
    if (text + length != to) return 0
    valueBits = <u64>(text - bytes) | (<u64>(to - bytes) << 32)
    return to
  }
  if (valueTag == INT) return readVarint(value + 1, to) ? to : 0
  if (valueTag == DOUBLE) {
    valueBits = load<u64>(value + 1)
    return to - value == 9 ? to : 0
  }
  valueBits = <u64>load<u8>(value + 1)
  return valueTag == BOOL && to - value == 2 && valueBits <= 1 ? to : 0
}

/** One number of up to 10 bytes and nothing else. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function readVarint(from: usize, end: usize): bool {
  if (end - from > 10) return false
  let bits: u64 = 0
  let shift: u64 = 0
  let at = from
  for (; at < end; at++) {
    const byte = <u64>load<u8>(at)
    bits |= (byte & 0x7f) << shift
    shift += 7
    if (byte < 0x80) break
  }
  valueBits = bits
  return at + 1 == end
}
