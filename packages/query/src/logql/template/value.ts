/** A moment with the zone it is shown in. */
export interface TimeValue {
  readonly kind: 'time'
  readonly unixNs: bigint
  readonly offsetSeconds: number
  readonly zone: string
}

/** Values of templates: integers are bigint, floats number, as Go tells them apart when it prints them. */
export type Value =
  | string
  | bigint
  | number
  | boolean
  | undefined
  | TimeValue
  | readonly Value[]
  | ReadonlyMap<string, Value>

/** What went wrong while a template ran; caught in `Template.run`. */
export class TemplateError extends Error {
  /** The message says where. */
  readonly isPlaced: boolean

  constructor(message: string, isPlaced = false) {
    super(message)
    this.name = 'TemplateError'
    this.isPlaced = isPlaced
  }
}

export function isTime(value: Value): value is TimeValue {
  return typeof value === 'object' && 'kind' in value && value.kind === 'time'
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value)
}

export function isMap(value: Value): value is ReadonlyMap<string, Value> {
  return value instanceof Map
}

/** Source: Go text/template, "if": false, 0, nil and empty values do not count. */
export function isTrue(value: Value): boolean {
  if (isTime(value)) return true
  if (isList(value)) return value.length > 0
  if (isMap(value)) return value.size > 0
  return value !== undefined && value !== false && value !== '' && value !== 0n && value !== 0 && !Number.isNaN(value)
}

/** As Go's `%v` writes floats: shortest digits, an exponent below 1e-4 and from a million on. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const [mantissa = '', exponentText = '0'] = value.toExponential().split('e')
  const exponent = Number(exponentText)
  if (exponent >= -4 && exponent < 6) return String(value)
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

export function valueText(value: Value): string {
  if (value === undefined) return '<no value>'
  if (typeof value === 'string') return value
  if (typeof value === 'number') return floatText(value)
  if (typeof value !== 'object') return String(value)
  if (isTime(value)) return timeText(value)
  if (isList(value)) return `[${value.map(valueText).join(' ')}]`
  const entries = [...(value as ReadonlyMap<string, Value>)].sort(([a], [b]) => (a < b ? -1 : 1))
  return `map[${entries.map(([key, inner]) => `${key}:${valueText(inner)}`).join(' ')}]`
}

/** Source: Go time.Time.String: `2006-01-02 15:04:05.999999999 -0700 MST`. */
function timeText({ unixNs, offsetSeconds, zone }: TimeValue): string {
  const localNs = unixNs + BigInt(offsetSeconds) * 1_000_000_000n
  const seconds = floorDiv(localNs, 1_000_000_000n)
  const fraction = String(localNs - seconds * 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '')
  const iso = new Date(Number(seconds) * 1000).toISOString()
  const offset = Math.abs(offsetSeconds)
  const hours = String(Math.floor(offset / 3600)).padStart(2, '0')
  const minutes = String(Math.floor((offset % 3600) / 60)).padStart(2, '0')
  const sign = offsetSeconds < 0 ? '-' : '+'
  const clock = `${iso.slice(0, 10)} ${iso.slice(11, 19)}${fraction === '' ? '' : `.${fraction}`}`
  return `${clock} ${sign}${hours}${minutes} ${zone}`
}

export function floorDiv(value: bigint, by: bigint): bigint {
  const quotient = value / by
  return value % by < 0n ? quotient - 1n : quotient
}

/** Text of an argument that must be text. */
export function asText(value: Value): string {
  return value === undefined ? '' : valueText(value)
}

const INT_TEXT = /^[+-]?\d{1,19}$/

/** As sprig converts: text that is no number is 0, floats lose their fraction. */
export function asInt(value: Value): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'boolean') return value ? 1n : 0n
  if (typeof value === 'number') return Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n
  if (typeof value !== 'string') return 0n
  if (INT_TEXT.test(value)) return BigInt.asIntN(64, BigInt(value.replace(/^\+/, '')))
  return asInt(asFloat(value))
}

export function asFloat(value: Value): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value !== 'string' || value.trim() === '') return 0
  const number = Number(value)
  return Number.isNaN(number) ? 0 : number
}

/** Whole numbers that a count, width or place may have; larger ones are cut. */
export function asCount(value: Value): number {
  const count = asInt(value)
  return Number(count > 1_000_000_000n ? 1_000_000_000n : count < -1_000_000_000n ? -1_000_000_000n : count)
}
