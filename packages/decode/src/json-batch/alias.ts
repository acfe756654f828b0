import { getUint32, putUint32, ReusableBuffer, utf8Text } from '@vantage/bytes'
import { type LabelsOutcome, METRIC_NAME } from '@vantage/model'
import { canonicalLabels } from '../labels.ts'
import type { LabelLimits } from '../limits.ts'

/**
 * Alias bytes of an item: its labels in the order of its members, each `kind u8 | length u32 | text as sent`; of a tag
 * the key's length and text come first. Text is what stands between the quotes, escapes and all, so equal bytes always
 * mean equal labels.
 */
export const LABEL_KINDS = { name: 0, service: 1, endpoint: 2, method: 3, status: 4, tag: 5 } as const
export type LabelKind = Exclude<(typeof LABEL_KINDS)[keyof typeof LABEL_KINDS], 5>

const LABEL_NAMES = [METRIC_NAME, 'service_name', 'endpoint', 'method', 'status_code'] as const
const HEAD_BYTES = 9

/** Aliases whose labels passed all checks, and their bytes together; beyond either it starts over. */
const KNOWN_MAX = 65_536
const KNOWN_BYTES_MAX = 8 * 1024 * 1024
/** Slots of the table: a power of two, twice as many as there are aliases. */
const SLOTS = 2 * KNOWN_MAX
/** Slots looked at for one alias: beyond them it is checked again each time, so that no sender makes the search long. */
const PROBES_MAX = 16

/**
 * Label sets that were good before: most items are the next sample of a series that was checked already. Found by a
 * hash of their bytes, known by the bytes themselves.
 */
export class CheckedAliases {
  /** 0 = free, else alias + 1. */
  readonly #slots = new Int32Array(SLOTS)
  readonly #hashes = new Int32Array(KNOWN_MAX)
  /** Where alias i begins; it ends where the next begins. */
  readonly #starts = new Int32Array(KNOWN_MAX + 1)
  readonly #bytes = new ReusableBuffer()
  #count = 0

  /** True where `view[from, to)` was added before. */
  has(view: DataView, from: number, to: number): boolean {
    const hash = hashOf(view, from, to)
    for (let probe = 0, slot = hash & (SLOTS - 1); probe < PROBES_MAX; probe++, slot = (slot + 1) & (SLOTS - 1)) {
      const known = (this.#slots[slot] as number) - 1
      if (known < 0) return false
      if (this.#hashes[known] === hash && this.#equals(known, view, from, to)) return true
    }
    return false
  }

  /** @param bytes the same memory as `view` */
  add(bytes: Uint8Array, view: DataView, from: number, to: number): void {
    const start = this.#starts[this.#count] as number
    if (this.#count === KNOWN_MAX || start + to - from > KNOWN_BYTES_MAX) {
      this.#slots.fill(0)
      this.#count = 0
    }
    const hash = hashOf(view, from, to)
    for (let probe = 0, slot = hash & (SLOTS - 1); probe < PROBES_MAX; probe++, slot = (slot + 1) & (SLOTS - 1)) {
      if (this.#slots[slot] !== 0) continue
      const at = this.#starts[this.#count] as number
      this.#bytes.reserve(at + to - from, Math.max(1, at))
      this.#bytes.bytes.set(bytes.subarray(from, to), at)
      this.#hashes[this.#count] = hash
      this.#slots[slot] = ++this.#count
      this.#starts[this.#count] = at + to - from
      return
    }
  }

  #equals(known: number, view: DataView, from: number, to: number): boolean {
    const start = this.#starts[known] as number
    if ((this.#starts[known + 1] as number) - start !== to - from) return false
    const own = this.#bytes.view
    let at = from
    let i = start
    for (const wide = to - 3; at < wide; at += 4, i += 4) if (own.getInt32(i) !== view.getInt32(at)) return false
    for (; at < to; at++, i++) if (own.getUint8(i) !== view.getUint8(at)) return false
    return true
  }
}

/** Two lanes of words, so that one multiplication does not wait for the other. */
function hashOf(view: DataView, from: number, to: number): number {
  let even = to - from
  let odd = 0x9e3779b9
  let at = from
  for (const wide = to - 7; at < wide; at += 8) {
    even = Math.imul(even ^ view.getInt32(at), 0x85ebca6b)
    odd = Math.imul(odd ^ view.getInt32(at + 4), 0xc2b2ae35)
    even ^= even >>> 15
    odd ^= odd >>> 13
  }
  for (; at < to; at++) even = Math.imul(even ^ view.getUint8(at), 0x01000193)
  const mixed = Math.imul(even ^ (odd >>> 7) ^ (odd << 11), 0x27d4eb2f)
  return mixed ^ (mixed >>> 15)
}

/** The aliases of one batch, behind each other. */
export class AliasArena {
  readonly #arena = new ReusableBuffer()
  length = 0

  get bytes(): Uint8Array {
    return this.#arena.bytes
  }

  get view(): DataView {
    return this.#arena.view
  }

  reset(keepBytes: number): void {
    this.#arena.trim(keepBytes)
    this.length = 0
  }

  /** Appends a label whose text is `body[from, to)`. */
  label(kind: LabelKind, body: Uint8Array, from: number, to: number): void {
    this.#room(to - from)
    this.#arena.bytes[this.length] = kind
    this.#put(this.length + 1, body, from, to)
  }

  /** Appends a tag, whose two texts may be escaped. */
  tag(body: Uint8Array, keyFrom: number, keyTo: number, from: number, to: number): void {
    this.#room(keyTo - keyFrom + to - from)
    this.#arena.bytes[this.length] = LABEL_KINDS.tag
    this.#put(this.length + 1, body, keyFrom, keyTo)
    this.#put(this.length, body, from, to)
  }

  #room(textBytes: number): void {
    this.#arena.reserve(this.length + HEAD_BYTES + textBytes, Math.max(1, this.length))
  }

  #put(at: number, body: Uint8Array, from: number, to: number): void {
    const out = this.#arena.bytes
    let next = putUint32(out, at, to - from)
    // Texts are short: a loop beats the call that copies a range.
    for (let i = from; i < to; i++) out[next++] = body[i] as number
    this.length = next
  }
}

/** Parses an alias that `AliasArena` wrote. */
export function labelsOfAlias(bytes: Uint8Array, from: number, to: number, limits: LabelLimits): LabelsOutcome {
  const pairs: string[] = []
  let at = from
  const text = () => {
    const end = at + 4 + getUint32(bytes, at)
    const read = unescaped(utf8Text(bytes, at + 4, end))
    at = end
    return read
  }
  while (at < to) {
    const kind = bytes[at++] as number
    pairs.push(kind === LABEL_KINDS.tag ? text() : (LABEL_NAMES[kind] as string), text())
  }
  return canonicalLabels(pairs, limits)
}

/** A lone surrogate, which an escape can spell, becomes U+FFFD. */
function unescaped(text: string): string {
  if (!text.includes('\\')) return text
  return String(JSON.parse(`"${text}"`)).toWellFormed()
}
