import { err, type Fault, fault, foreign, ok, type Refusal, type Result } from '@vantage/model'
import { unixNsOf } from '../json-lines/fields.ts'
import { refuseItems } from '../refusals.ts'

/** Events of one request, and its bytes: they are read in one go. */
export const EVENTS_MAX = 1_000
export const EVENTS_BODY_BYTES_MAX = 512 * 1024

const TEXT_BYTES_MAX = 4_096
const ATTRIBUTES_MAX = 32

/** Something that was changed: a deploy, a flag, a configuration. */
export interface ChangeEvent {
  /** `deploy`, `change`, or another word. */
  readonly kind: string
  /** unix ns, 0 = now. */
  readonly timeNs: bigint
  /** '' = of no service alone. */
  readonly service: string
  readonly environment: string
  readonly title: string
  readonly fields: Readonly<Record<string, string>>
}

/** Members that are texts, and what they are called on a row. */
const FIELDS: Readonly<Record<string, string>> = {
  version: 'version',
  previousVersion: 'previous_version',
  description: 'description',
  url: 'url',
  author: 'author',
}
const TEXTS = ['kind', 'service', 'environment', 'title', ...Object.keys(FIELDS)]
const KNOWN: ReadonlySet<string> = new Set([...TEXTS, 'time', 'attributes'])
const KIND = /^[a-z][a-z0-9_-]{0,63}$/

/** A request's events as one body of Loki's push in JSON; undefined where none is good. */
export interface ReadChangeEvents {
  readonly push: Buffer | undefined
  readonly refused: readonly Refusal[]
}

/** Reads a JSON object or an array of them. */
export function readChangeEvents(body: Uint8Array, length: number): Result<ReadChangeEvents, Fault> {
  if (length > EVENTS_BODY_BYTES_MAX) {
    return err(fault('too_large', `events: want at most ${EVENTS_BODY_BYTES_MAX} bytes, got ${length}`))
  }
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(body.buffer, body.byteOffset, length).toString('utf8'))
  } catch (error) {
    return err(fault('bad_request', `events: want JSON: ${foreign((error as Error).message)}`))
  }
  const all: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (all.length > EVENTS_MAX) {
    return err(fault('too_large', `events: want at most ${EVENTS_MAX} in one request, got ${all.length}`))
  }
  const told = { refused: [] as Refusal[] }
  const events: ChangeEvent[] = []
  for (const [i, one] of all.entries()) {
    const event = readOne(one)
    if (typeof event === 'string') refuseItems(told, 'invalid_value', 1, `event ${i}: ${event}`)
    else events.push(event)
  }
  return ok({ push: events.length === 0 ? undefined : pushOfEvents(events), refused: told.refused })
}

/**
 * Events as rows of log streams that the label `event` marks: `{event="deploy", service_name="cart"}`. What else they
 * say is structured metadata.
 */
export function pushOfEvents(events: readonly ChangeEvent[]): Buffer {
  const streams = events.map(({ kind, timeNs, service, environment, title, fields }) => ({
    stream: {
      event: kind,
      ...(service === '' ? {} : { service_name: service }),
      ...(environment === '' ? {} : { deployment_environment_name: environment }),
    },
    values: [[String(timeNs), title, fields]],
  }))
  return Buffer.from(JSON.stringify({ streams }))
}

/** @returns the event, or what is wrong with it */
function readOne(value: unknown): ChangeEvent | string {
  if (!isRecord(value)) return 'want an object'
  const unknown = Object.keys(value).find((name) => !KNOWN.has(name))
  if (unknown !== undefined) return `unknown member ${JSON.stringify(foreign(unknown))}`
  for (const name of TEXTS) {
    const one = value[name]
    if (one === undefined) continue
    if (typeof one !== 'string') return `${name}: want a string`
    if (Buffer.byteLength(one) > TEXT_BYTES_MAX) return `${name}: want at most ${TEXT_BYTES_MAX} bytes`
  }
  const textOf = (name: string) => String(value[name] ?? '').toWellFormed()
  const kind = textOf('kind') || (textOf('version') === '' ? 'change' : 'deploy')
  if (!KIND.test(kind)) return 'kind: want a word of lower-case letters, digits, _ and -'
  const time = value['time'] ?? 0
  const timeNs = typeof time === 'string' || typeof time === 'number' ? unixNsOf(String(time)) : undefined
  if (timeNs === undefined) return 'time: want unix seconds, ms, µs, ns or RFC 3339'
  const more = attributesOf(value['attributes'] ?? {})
  if (typeof more === 'string') return more
  const said = Object.entries(FIELDS).filter(([name]) => textOf(name) !== '')
  const fields = {
    ...more,
    ...Object.fromEntries(said.map(([name, field]) => [field, textOf(name)])),
    source: 'posted',
  }
  const title = textOf('title') || titleOf(kind, textOf('service'), textOf('version'))
  return { kind, timeNs, service: textOf('service'), environment: textOf('environment'), title, fields }
}

function titleOf(kind: string, service: string, version: string): string {
  return [kind, service, version].filter((part) => part !== '').join(' ')
}

function attributesOf(value: unknown): Record<string, string> | string {
  if (!isRecord(value)) return 'attributes: want an object'
  const entries = Object.entries(value)
  if (entries.length > ATTRIBUTES_MAX) return `attributes: want at most ${ATTRIBUTES_MAX}, got ${entries.length}`
  const out: Record<string, string> = Object.create(null)
  for (const [key, one] of entries) {
    const isPlain = typeof one === 'string' || typeof one === 'number' || typeof one === 'boolean'
    if (!isPlain || Buffer.byteLength(String(one)) > TEXT_BYTES_MAX) {
      return `attributes: want strings, numbers and booleans of at most ${TEXT_BYTES_MAX} bytes, got another in ${JSON.stringify(foreign(key))}`
    }
    out[key.toWellFormed()] = String(one).toWellFormed()
  }
  return out
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
