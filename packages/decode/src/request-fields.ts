import { ByteCursor, isUtf8Range, readVarint64, readVarintSigned, utf8Text } from '@vantage/bytes'
import { err, type Fault, fault, hexText, ok, type Result } from '@vantage/model'
import { FieldCursor, nextField } from './field-cursor.ts'

/** Reads the content of a field into the parameters. */
type Read = (cursor: FieldCursor, out: URLSearchParams) => Fault | undefined
/** By tag. */
export type Fields = Readonly<Record<number, Read>>

const NS_PER_S = 1_000_000_000n
const NS_MAX = 2n ** 63n - 1n
/** So many digits are read as ns. */
const TIME_DIGITS = 16
/** Entries of a map: a search has a handful. */
const TEXTS_MAX = 128

export const text =
  (name: string): Read =>
  ({ bytes, from, to }, out) => {
    if (!isUtf8Range(bytes, from, to)) return fault('bad_request', `${name}: want UTF-8`)
    out.set(name, utf8Text(bytes, from, to))
    return undefined
  }

export const hex =
  (name: string): Read =>
  ({ bytes, from, to }, out) => {
    out.set(name, hexText(bytes, from, to))
    return undefined
  }

/** A whole number, with a unit behind it. Zero is what an absent one is. */
export const count =
  (name: string, unit = ''): Read =>
  ({ bytes, from, to }, out) => {
    const cursor = new ByteCursor(bytes, from, to)
    readVarint64(cursor)
    const value = (BigInt(cursor.high) << 32n) | BigInt(cursor.low)
    if (value > 0n) out.set(name, `${value}${unit}`)
    return undefined
  }

/** Seconds and nanoseconds as one number of ns; zero is what an absent one is. */
export const nanoseconds =
  (name: string, unit: '' | 'ns' = ''): Read =>
  (cursor, out) => {
    const parts = [0, 0]
    const problem = eachField(cursor, (field) => {
      if (field.tag !== 0x08 && field.tag !== 0x10) return undefined
      parts[field.tag === 0x08 ? 0 : 1] = readVarintSigned(new ByteCursor(field.bytes, field.from, field.to))
      return undefined
    })
    if (problem !== undefined) return problem
    const ns = BigInt(parts[0] as number) * NS_PER_S + BigInt(parts[1] as number)
    if (ns < 0n || ns > NS_MAX) return fault('bad_request', `${name}: want none before 1970 and below 2^63 ns`)
    if (ns > 0n) out.set(name, unit === '' ? String(ns).padStart(TIME_DIGITS, '0') : `${ns}${unit}`)
    return undefined
  }

/** A map of texts as one JSON object. */
export const texts =
  (name: string): Read =>
  (cursor, out) => {
    const entry = new URLSearchParams()
    const problem = readFields(cursor, { 10: text('key'), 18: text('value') }, entry)
    if (problem !== undefined) return problem
    const known = JSON.parse(out.get(name) ?? '{}') as Record<string, string>
    if (Object.keys(known).length >= TEXTS_MAX) return fault('bad_request', `${name}: want at most ${TEXTS_MAX}`)
    out.set(name, JSON.stringify({ ...known, [entry.get('key') ?? '']: entry.get('value') ?? '' }))
    return undefined
  }

/** A map of texts as `key="value" …`. */
export const logfmt =
  (name: string): Read =>
  (cursor, out) => {
    const entry = new URLSearchParams()
    const problem = readFields(cursor, { 10: text('key'), 18: text('value') }, entry)
    if (problem !== undefined) return problem
    const key = entry.get('key') ?? ''
    if (!/^[^\s="]+$/.test(key)) return fault('bad_request', `${name}: want names without spaces, quotes and =`)
    const value = (entry.get('value') ?? '').replaceAll(/["\\]/g, '\\$&')
    out.set(name, `${out.has(name) ? `${out.get(name)} ` : ''}${key}="${value}"`)
    return undefined
  }

/** A message whose members are parameters, too. */
export const message =
  (fields: Fields): Read =>
  (cursor, out) =>
    readFields(cursor, fields, out)

/** The members of a request as parameters: what a URL of the same API over HTTP would have. */
export function readRequest(body: Uint8Array, fields: Fields): Result<URLSearchParams> {
  const out = new URLSearchParams()
  const whole = new FieldCursor()
  whole.bytes = body
  whole.to = body.length
  const problem = readFields(whole, fields, out)
  return problem === undefined ? ok(out) : err(problem)
}

/** Reads the message that is the content of the field that a cursor stands on. */
function readFields(cursor: FieldCursor, fields: Fields, out: URLSearchParams): Fault | undefined {
  return eachField(cursor, (field) => fields[field.tag]?.(field, out))
}

function eachField(
  { bytes, from, to }: FieldCursor,
  read: (field: FieldCursor) => Fault | undefined,
): Fault | undefined {
  const field = new FieldCursor()
  field.reset(bytes, from, to)
  while (nextField(field)) {
    const problem = read(field)
    if (problem !== undefined) return problem
  }
  return field.isBad ? fault('bad_request', `malformed message at offset ${field.at}`) : undefined
}
