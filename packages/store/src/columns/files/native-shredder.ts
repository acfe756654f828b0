import { type NativeMemory, oneInBlock } from '@vantage/bytes'
import type { ByteRanges } from '@vantage/model'
import { GROUP_ROWS_MAX } from '../limits.ts'
import type { Dictionary } from '../parquet/column-values.ts'
import { entriesMax } from '../parquet/dictionary.ts'
import type { AttributeKey, NativeValues } from './attribute-key.ts'

/** Places in the block of `shred` (packages/bytes/wasm/attributes.ts has the picture). */
const LAYOUT_SLOTS = 4096
const KEYS = 8192
const LAYOUTS = 16_384
const ROW_IDS = 18_432
const LAYOUT_IDS = 20_480
const NAMES = 65_536
const CODES = 96 * 1024
const COLUMN_BYTES = GROUP_ROWS_MAX * 4
const BLOCK_BYTES = 896 * 1024

const KEY_WORDS = 8
const ENTRIES_WORD = 4
const COUNT_WORD = 5
/** Keys that have memory of the loop's, 1.1 MiB each of address space. */
const KEYS_MAX = 128
/** Of a key: rows, values, codes, a table, entries. */
const CODES_AT = 3 * COLUMN_BYTES
const TABLE_AT = 4 * COLUMN_BYTES
const TABLE_BYTES = 64 * 1024
const ENTRIES_AT = TABLE_AT + TABLE_BYTES
const ENTRIES_BYTES = 64 * 1024
const KEY_MEMORY_BYTES = ENTRIES_AT + ENTRIES_BYTES
const KEY_BYTES_MAX = 127
const NAME_BYTES = 128
const LAYOUTS_MAX = 256
const LAYOUT_IDS_MAX = (NAMES - LAYOUT_IDS) / 4
const ROW_IDS_MAX = 255

/**
 * Takes attributes of runs of rows apart by the SIMD module: those whose keys and layouts it was told of. Owner: one
 * thread, for one row group at a time.
 */
export class NativeShredder {
  readonly #native: NativeMemory
  readonly #block: number
  readonly #words: Int32Array
  readonly #froms: Int32Array
  readonly #ends: Int32Array
  /** The layout of each row, by the loop and by its caller. */
  readonly codes: Int32Array
  /** Memory of keys, once it was needed. */
  readonly #values: KeyMemory[] = []
  #keys = 0
  #layoutIds = 0
  #bytes = 0
  #count = 0
  #hasLayouts = false

  constructor(native: NativeMemory, block: number) {
    const { buffer } = native.bytes
    this.#native = native
    this.#block = block
    this.#words = new Int32Array(buffer, block, NAMES / 4)
    this.codes = new Int32Array(buffer, block + CODES, GROUP_ROWS_MAX)
    this.#froms = new Int32Array(buffer, block + CODES + COLUMN_BYTES, GROUP_ROWS_MAX)
    this.#ends = new Int32Array(buffer, block + CODES + 2 * COLUMN_BYTES, GROUP_ROWS_MAX)
  }

  /** Begins with rows [0, count), knowing no key. @returns false where it cannot reach them */
  start({ bytes, from, to }: ByteRanges, count: number): boolean {
    this.#bytes = this.#native.addressOf(bytes)
    if (this.#bytes < 0 || count > GROUP_ROWS_MAX) return false
    this.#count = count
    this.#keys = 0
    this.#layoutIds = 0
    this.#hasLayouts = false
    this.#words.fill(0, 0, LAYOUTS / 4)
    this.#froms.set(from.subarray(0, count))
    this.#ends.set(to.subarray(0, count))
    return true
  }

  /** Gives a key memory of the loop's, if it may have some. @returns its id, or -1 */
  addKey(key: AttributeKey): number {
    const id = this.#keys
    if (id === KEYS_MAX || key.key.length > KEY_BYTES_MAX) return -1
    const values = this.#values[id] ?? this.#newValues(id)
    if (values === undefined) return -1
    const name = this.#block + NAMES + id * NAME_BYTES
    this.#native.bytes.set(key.key, name)
    const slot = this.#native.kernels.keySlot(this.#block, name, key.key.length, key.tag)
    const { byteOffset } = values.memory
    const words = [name, key.key.length, key.tag, byteOffset, 0, 0, -1, GROUP_ROWS_MAX]
    this.#native.bytes.fill(0, byteOffset + TABLE_AT, byteOffset + ENTRIES_AT)
    this.#words.set(words, KEYS / 4 + id * KEY_WORDS)
    this.#words[slot] = id + 1
    this.#keys++
    key.move(values)
    return id
  }

  /** Tells the loop of a layout. @param ids of the keys. @returns false where it does not know them all, or has no room */
  addLayout(code: number, ids: readonly number[]): boolean {
    if (code >= LAYOUTS_MAX || ids.length > ROW_IDS_MAX || this.#layoutIds + ids.length > LAYOUT_IDS_MAX) return false
    if (ids.some((id) => id < 0)) return false
    this.#words.set(ids, ROW_IDS / 4)
    this.#words.set(ids, LAYOUT_IDS / 4 + this.#layoutIds)
    const slot = this.#native.kernels.layoutSlot(this.#block, ids.length)
    this.#words.set([this.#layoutIds, ids.length], LAYOUTS / 4 + code * 2)
    this.#words[LAYOUT_SLOTS / 4 + slot] = code + 1
    this.#layoutIds += ids.length
    this.#hasLayouts = true
    return true
  }

  /** Takes rows from `row` on apart. @param last layout of the row before that the loop knows, or -1. @returns the row that it ended before */
  run(row: number, last: number): number {
    if (!this.#hasLayouts) return row
    const { byteOffset: froms } = this.#froms
    const { byteOffset: ends } = this.#ends
    const { byteOffset: codes } = this.codes
    return this.#native.kernels.shred(this.#bytes, froms, ends, row, this.#count, codes, this.#block, last)
  }

  #newValues(id: number): KeyMemory | undefined {
    const address = this.#native.allocate(KEY_MEMORY_BYTES)
    if (address < 0) return undefined
    const values = new KeyMemory(this.#native, this.#words, KEYS / 4 + id * KEY_WORDS, address, () => this.#bytes)
    this.#values.push(values)
    return values
  }
}

/** What the loop keeps of one key. */
class KeyMemory implements NativeValues {
  readonly room = GROUP_ROWS_MAX
  readonly memory: Int32Array
  readonly #native: NativeMemory
  readonly #words: Int32Array
  readonly #at: number
  readonly #codes: Int32Array
  readonly #entries: Int32Array
  readonly #bytes: () => number

  /** @param at of the key among the words, `bytes` where attributes lie */
  constructor(native: NativeMemory, words: Int32Array, at: number, address: number, bytes: () => number) {
    const { buffer } = native.bytes
    this.#native = native
    this.#words = words
    this.#at = at
    this.#bytes = bytes
    this.memory = new Int32Array(buffer, address, GROUP_ROWS_MAX * 3)
    this.#codes = new Int32Array(buffer, address + CODES_AT, GROUP_ROWS_MAX)
    this.#entries = new Int32Array(buffer, address + ENTRIES_AT, ENTRIES_BYTES / 4)
  }

  get count(): number {
    return this.#words[this.#at + COUNT_WORD] as number
  }

  set count(count: number) {
    this.#words[this.#at + COUNT_WORD] = count
  }

  encode(at: number, from: number, to: number): void {
    this.#native.kernels.encode(this.#words.byteOffset + this.#at * 4, at, this.#bytes(), from, to)
  }

  dictionary(bytes: Uint8Array): Dictionary | undefined {
    const { count } = this
    const known = this.#words[this.#at + ENTRIES_WORD] as number
    if (known < 0 || count === 0 || known > entriesMax(count)) return undefined
    const entries = Array.from({ length: known }, (_, code) =>
      bytes.subarray(this.#entries[code * 2], this.#entries[code * 2 + 1]),
    )
    return { codes: this.#codes.subarray(0, count), entries }
  }
}

/** This thread's; undefined where the machine has no such memory. */
export const nativeShredder = oneInBlock(BLOCK_BYTES, (native, block) => new NativeShredder(native, block))
