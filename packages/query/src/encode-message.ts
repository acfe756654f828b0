import { ProtobufWriter } from '@vantage/bytes'
import { assert } from '@vantage/model'

/** How a member of a message is written. */
export type MemberType = 'text' | 'bool' | 'double' | 'bytes' | 'integer' | Message | { readonly map: Message }

interface Member {
  readonly field: number
  readonly type: MemberType
}

/** The members of a message by their names in JSON. Lists need no word: each element is written. */
export interface Message {
  readonly [name: string]: Member
}

const WIRE_VARINT = 0
const WIRE_FIXED64 = 1
const WIRE_BYTES = 2

/**
 * Writes what stands in the JSON form of a message as its bytes. Absent and empty members are left out.
 * Source: protobuf.dev, "ProtoJSON format".
 */
export function encodeMessage(message: Message, value: object): Uint8Array {
  const out = new ProtobufWriter()
  putMembers(out, message, value)
  return out.finish()
}

function putMembers(out: ProtobufWriter, message: Message, value: object): void {
  for (const [name, content] of Object.entries(value)) {
    if (content === undefined || content === null) continue
    const member = message[name]
    assert(member !== undefined, `the message has a member ${name}`)
    for (const one of Array.isArray(content) ? content : [content]) putMember(out, member, one)
  }
}

function putMember(out: ProtobufWriter, { field, type }: Member, value: unknown): void {
  switch (type) {
    case 'text':
      out.text(tagOf(field, WIRE_BYTES), String(value))
      break
    case 'bool':
      out.varint(tagOf(field, WIRE_VARINT), value === true ? 1 : 0)
      break
    case 'double':
      out.double(tagOf(field, WIRE_FIXED64), Number(value))
      break
    case 'bytes':
      out.bytes(tagOf(field, WIRE_BYTES), Buffer.from(String(value), 'base64'))
      break
    case 'integer':
      putInteger(out, tagOf(field, WIRE_VARINT), BigInt(value as string | number))
      break
    default:
      putNested(out, tagOf(field, WIRE_BYTES), type, value as object)
  }
}

function putInteger(out: ProtobufWriter, tag: number, value: bigint): void {
  const bits = BigInt.asUintN(64, value)
  out.varint64(tag, Number(bits & 0xffffffffn), Number(bits >> 32n))
}

/** A message, or a map: a list of messages with a key and a value. */
function putNested(out: ProtobufWriter, tag: number, type: Message | { readonly map: Message }, value: object): void {
  if (!isMap(type)) {
    const mark = out.open(tag)
    putMembers(out, type, value)
    out.close(mark)
    return
  }
  const entry: Message = { key: { field: 1, type: 'text' }, value: { field: 2, type: type.map } }
  for (const [key, one] of Object.entries(value)) putNested(out, tag, entry, { key, value: one })
}

/** A member has a number, so that one of the name `map` is no map. */
function isMap(type: Message | { readonly map: Message }): type is { readonly map: Message } {
  return 'map' in type && !('field' in type.map)
}

function tagOf(field: number, wire: number): number {
  return (field << 3) | wire
}
