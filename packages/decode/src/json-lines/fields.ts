import { JSON_DEPTH_MAX } from '@vantage/bytes'
import { foreign, lokiName } from '@vantage/model'
import { timeOf } from '../log-line/read-line.ts'

/** Which members of an object are more than a field of it. */
export interface JsonLineMapping {
  /** The line; the first that is there. None: the whole object is the line. */
  readonly message: readonly string[]
  readonly time: readonly string[]
  /** Labels of the row's stream; empty = the service alone. */
  readonly stream: readonly string[]
  /** The name of the stream that all rows belong to: a label, and the service of rows that name none. */
  readonly streamName?: string
}

export const JSON_LINE_MAPPING: JsonLineMapping = {
  message: ['_msg', 'message', 'msg', 'log', 'body'],
  time: ['_time', '@timestamp', '_timestamp', 'timestamp', 'time', 'ts'],
  stream: [],
}

/** Members that name the service, where no stream is asked for. */
const SERVICES = ['service.name', 'service_name', 'service', 'app', 'application']
const UNKNOWN = 'unknown_service'

/** Deeper members are JSON in one field. */
const DEPTH_MAX = 8

/** One row: labels of its stream, unix ns (0 = not said), the line, other fields. */
export interface JsonLineRow {
  readonly labels: Readonly<Record<string, string>>
  readonly timeNs: bigint
  readonly line: string
  readonly fields: Readonly<Record<string, string>>
}

/** @returns the row, or what is wrong with the line */
export function readJsonLine(text: string, mapping: JsonLineMapping): JsonLineRow | string {
  const fields = jsonFields(text)
  if (fields === undefined) return `want a JSON object in each line, nested at most ${JSON_DEPTH_MAX} deep`
  const timeName = mapping.time.find((name) => fields.has(name))
  const timeNs = timeName === undefined ? 0n : unixNsOf(fields.get(timeName) as string)
  if (timeNs === undefined) {
    return `${timeName}: want unix seconds, ms, µs, ns or RFC 3339, got ${JSON.stringify(foreign(fields.get(timeName as string) as string))}`
  }
  if (timeName !== undefined) fields.delete(timeName)
  const messageName = mapping.message.find((name) => fields.get(name) !== undefined && fields.get(name) !== '')
  const line = messageName === undefined ? text : (fields.get(messageName) as string)
  if (messageName !== undefined) fields.delete(messageName)
  const labels = labelsOf(fields, mapping)
  return { labels, timeNs, line, fields: named(fields) }
}

/** Members of an object, those of objects in it under names with dots. @returns undefined where the text is none */
export function jsonFields(text: string): Map<string, string> | undefined {
  const object = isTooDeep(text) ? undefined : parse(text)
  if (object === undefined) return undefined
  const fields = new Map<string, string>()
  flatten(object, '', fields, 0)
  return fields
}

function labelsOf(fields: Map<string, string>, { stream, streamName }: JsonLineMapping): Record<string, string> {
  const labels = new Map<string, string>()
  for (const name of stream) {
    const value = fields.get(name)
    if (value === undefined || value === '') continue
    labels.set(name, value)
    fields.delete(name)
  }
  if (labels.size > 0) return named(labels)
  const service = SERVICES.find((name) => (fields.get(name) ?? '') !== '')
  const labelled = {
    ...(streamName === undefined ? {} : { stream: streamName }),
    service_name: service === undefined ? (streamName ?? UNKNOWN) : (fields.get(service) as string),
  }
  if (service !== undefined) fields.delete(service)
  return labelled
}

/** Names as queries can say them. */
function named(fields: ReadonlyMap<string, string>): Record<string, string> {
  const out: Record<string, string> = Object.create(null)
  for (const [name, value] of fields) out[lokiName(name) || '_'] = value
  return out
}

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Brackets in brackets beyond the limit: to be known before anything that calls itself sees them. */
function isTooDeep(text: string): boolean {
  let depth = 0
  let isInText = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (isInText) {
      if (code === BACKSLASH) at++
      else if (code === QUOTE) isInText = false
    } else if (code === QUOTE) isInText = true
    else if (code === 0x5b || code === 0x7b) {
      if (++depth > JSON_DEPTH_MAX) return true
    } else if (code === 0x5d || code === 0x7d) depth--
  }
  return false
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text, exactInteger)
    return isRecord(value) ? value : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Integers that a double cannot hold stay their digits: nanoseconds, ids. */
function exactInteger(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || !Number.isInteger(value) || Number.isSafeInteger(value)) return value
  return /^-?\d+$/.test(context?.source ?? '') ? context?.source : value
}

/** Members of members get names with dots; arrays stay JSON; null is nothing. */
function flatten(
  object: Readonly<Record<string, unknown>>,
  prefix: string,
  out: Map<string, string>,
  depth: number,
): void {
  for (const [key, value] of Object.entries(object)) {
    const name = `${prefix}${key}`.toWellFormed()
    if (isRecord(value) && depth < DEPTH_MAX) flatten(value, `${name}.`, out, depth + 1)
    else if (typeof value === 'string') out.set(name, value.toWellFormed())
    else if (value !== null) out.set(name, JSON.stringify(value))
  }
}

/** Sizes of unix time: below 10^11 seconds, 10^14 ms, 10^17 µs, else ns. */
const UNITS: readonly (readonly [bigint, number])[] = [
  [100_000_000_000n, 9],
  [100_000_000_000_000n, 6],
  [100_000_000_000_000_000n, 3],
]

/** A number by its size, or RFC 3339. @returns undefined where it is neither */
export function unixNsOf(text: string): bigint | undefined {
  const match = /^(\d{1,19})(?:\.(\d{1,9}))?$/.exec(text)
  if (match === null) {
    const timeNs = timeOf(text)
    return timeNs === 0n ? undefined : timeNs
  }
  const whole = BigInt(match[1] as string)
  const digits = UNITS.find(([below]) => whole < below)?.[1] ?? 0
  const fraction = (match[2] ?? '').slice(0, digits).padEnd(digits, '0')
  const timeNs = BigInt(`${whole}${fraction}`)
  return timeNs < 2n ** 63n ? timeNs : undefined
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
