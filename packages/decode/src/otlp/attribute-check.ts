import { isUtf8Range } from '@vantage/bytes'
import type { ItemReason } from '@vantage/model'
import { FieldCursor, nextField } from '../field-cursor.ts'

/** Values inside values (`decode.maxDepth`, the last of its three numbers). */
const VALUE_DEPTH_MAX = 16

const KEY = 0x0a
const VALUE = 0x12
const STRING = 0x0a
const INT = 0x18
const ARRAY = 0x2a
const MAP = 0x32

/** What is wrong with a range; `malformed` is no protobuf at all. */
export type CheckProblem = Extract<ItemReason, 'invalid_utf8' | 'nested_too_deep'> | 'malformed'

/** Cursors of each depth, reused: values are checked for each record. Owner: one decoder. */
export class AttributeCheck {
  readonly #pairs = cursors()
  readonly #values = cursors()
  readonly #lists = cursors()

  /** A KeyValue message [from, to). */
  pair(bytes: Uint8Array, from: number, to: number, depth = 0): CheckProblem | undefined {
    if (isPlainPair(bytes, from, to)) return undefined
    const cursor = this.#pairs[depth] as FieldCursor
    cursor.reset(bytes, from, to)
    while (nextField(cursor)) {
      if (cursor.tag === KEY) {
        if (!isUtf8Range(bytes, cursor.from, cursor.to)) return 'invalid_utf8'
      } else if (cursor.tag === VALUE) {
        const problem = this.value(bytes, cursor.from, cursor.to, depth)
        if (problem !== undefined) return problem
      }
    }
    return cursor.isBad ? 'malformed' : undefined
  }

  /** An AnyValue message [from, to). */
  value(bytes: Uint8Array, from: number, to: number, depth = 0): CheckProblem | undefined {
    const cursor = this.#values[depth] as FieldCursor
    cursor.reset(bytes, from, to)
    while (nextField(cursor)) {
      if (cursor.tag === STRING) {
        if (!isUtf8Range(bytes, cursor.from, cursor.to)) return 'invalid_utf8'
      } else if (cursor.tag === ARRAY || cursor.tag === MAP) {
        const problem = this.#list(bytes, cursor.from, cursor.to, cursor.tag === MAP, depth + 1)
        if (problem !== undefined) return problem
      }
    }
    return cursor.isBad ? 'malformed' : undefined
  }

  #list(bytes: Uint8Array, from: number, to: number, isMap: boolean, depth: number): CheckProblem | undefined {
    if (depth >= VALUE_DEPTH_MAX) return 'nested_too_deep'
    const cursor = this.#lists[depth] as FieldCursor
    cursor.reset(bytes, from, to)
    while (nextField(cursor)) {
      if (cursor.tag !== 0x0a) continue
      const problem = isMap
        ? this.pair(bytes, cursor.from, cursor.to, depth)
        : this.value(bytes, cursor.from, cursor.to, depth)
      if (problem !== undefined) return problem
    }
    return cursor.isBad ? 'malformed' : undefined
  }
}

/**
 * Fast path: a key and a text, or a small number, every length in one byte and every byte ASCII. What most attributes
 * are is known by one walk over their bytes.
 */
function isPlainPair(bytes: Uint8Array, from: number, to: number): boolean {
  const keyLength = bytes[from + 1] as number
  const valueAt = from + 2 + keyLength
  if (valueAt + 4 > to || bytes[from] !== KEY || bytes[valueAt] !== VALUE) return false
  if (bytes[valueAt + 1] !== to - valueAt - 2) return false
  const tag = bytes[valueAt + 2]
  const isText = tag === STRING && bytes[valueAt + 3] === to - valueAt - 4
  if (!isText && (tag !== INT || valueAt + 4 !== to)) return false
  let all = 0
  for (let at = from; at < to; at++) all |= bytes[at] as number
  return all < 0x80
}

function cursors(): FieldCursor[] {
  return Array.from({ length: VALUE_DEPTH_MAX }, () => new FieldCursor())
}
