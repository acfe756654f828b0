import type { ByteWriter } from './byte-writer.ts'

/** Types of the compact protocol. Source: apache/thrift doc/specs/thrift-compact-protocol.md. */
const TYPE = { true: 1, false: 2, i32: 5, i64: 6, binary: 8, list: 9, struct: 12 } as const

/** A Thrift value. i64 beyond 2^52 are written as their zigzag varint by `bigint`. */
export type ThriftValue =
  | { readonly kind: 'i32' | 'i64'; readonly value: number }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'binary'; readonly value: Uint8Array }
  | { readonly kind: 'list'; readonly of: keyof typeof TYPE; readonly values: readonly ThriftValue[] }
  | { readonly kind: 'struct'; readonly fields: ThriftStruct }

/** Field id and value, ids ascending; undefined values are left out. */
export type ThriftStruct = readonly (readonly [number, ThriftValue | undefined])[]

const encoder = new TextEncoder()

export function i32(value: number): ThriftValue {
  return { kind: 'i32', value }
}

export function i64(value: number): ThriftValue {
  return { kind: 'i64', value }
}

export function bool(value: boolean): ThriftValue {
  return { kind: 'bool', value }
}

export function text(value: string): ThriftValue {
  return { kind: 'binary', value: encoder.encode(value) }
}

export function binary(value: Uint8Array): ThriftValue {
  return { kind: 'binary', value }
}

export function struct(...fields: ThriftStruct): ThriftValue {
  return { kind: 'struct', fields }
}

export function list(of: 'i32' | 'binary' | 'struct', values: readonly ThriftValue[]): ThriftValue {
  return { kind: 'list', of, values }
}

export function writeStruct(out: ByteWriter, fields: ThriftStruct): void {
  let before = 0
  for (const [id, value] of fields) {
    if (value === undefined) continue
    const type = typeOf(value)
    if (id - before <= 15) out.byte(((id - before) << 4) | type)
    else {
      out.byte(type)
      out.zigzag(id)
    }
    before = id
    if (value.kind !== 'bool') writeValue(out, value)
  }
  out.byte(0)
}

function typeOf(value: ThriftValue): number {
  return value.kind === 'bool' ? (value.value ? TYPE.true : TYPE.false) : TYPE[value.kind]
}

function writeValue(out: ByteWriter, value: ThriftValue): void {
  switch (value.kind) {
    case 'i32':
    case 'i64':
      out.zigzag(value.value)
      break
    case 'bool':
      out.byte(value.value ? TYPE.true : TYPE.false)
      break
    case 'binary':
      out.varint(value.value.length)
      out.raw(value.value)
      break
    case 'list':
      if (value.values.length < 15) out.byte((value.values.length << 4) | TYPE[value.of])
      else {
        out.byte(0xf0 | TYPE[value.of])
        out.varint(value.values.length)
      }
      for (const one of value.values) writeValue(out, one)
      break
    case 'struct':
      writeStruct(out, value.fields)
      break
  }
}
