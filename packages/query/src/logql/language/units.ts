/** Durations, sizes and numbers as Go reads them. Errors are the texts that rows carry in `__error_details__`. */

export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string }

const NS_PER_UNIT: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
}

/** `1h30m`, `1.5s`, `-5s`, `0` in ns. Source: Go time.ParseDuration. */
export function parseGoDuration(text: string): Parsed<number> {
  const invalid = { ok: false, message: `time: invalid duration ${quoted(text)}` } as const
  const isNegative = text.startsWith('-')
  const rest = isNegative || text.startsWith('+') ? text.slice(1) : text
  if (rest === '0') return { ok: true, value: 0 }
  if (rest === '') return invalid
  let totalNs = 0
  let at = 0
  while (at < rest.length) {
    const numberEnd = endOf(rest, at, isNumberChar)
    const number = rest.slice(at, numberEnd)
    if (!/^(?:\d+\.?\d*|\.\d+)$/.test(number)) return invalid
    const unitEnd = endOf(rest, numberEnd, (code) => !isNumberChar(code))
    const unit = rest.slice(numberEnd, unitEnd)
    if (unit === '') return { ok: false, message: `time: missing unit in duration ${quoted(text)}` }
    const unitNs = NS_PER_UNIT[unit]
    if (unitNs === undefined) {
      return { ok: false, message: `time: unknown unit ${quoted(unit)} in duration ${quoted(text)}` }
    }
    totalNs += Number(number) * unitNs
    at = unitEnd
  }
  if (totalNs > 2 ** 63) return invalid
  return { ok: true, value: isNegative ? -totalNs : totalNs }
}

const NS_PER_LONG_UNIT: Readonly<Record<string, number>> = {
  y: 365 * 86_400e9,
  w: 7 * 86_400e9,
  d: 86_400e9,
  h: 3600e9,
  m: 60e9,
  s: 1e9,
  ms: 1e6,
}

const LONG_DURATION = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/

/** As queries write durations: Go's, or Prometheus' with days, weeks and years. @returns ns */
export function parseQueryDuration(text: string): Parsed<number> {
  const go = parseGoDuration(text)
  if (go.ok) return go
  const isNegative = text.startsWith('-')
  const match = LONG_DURATION.exec(isNegative ? text.slice(1) : text)
  if (match === null) return go
  let totalNs = 0
  for (const [i, unit] of Object.keys(NS_PER_LONG_UNIT).entries()) {
    totalNs += Number(match[i + 1] ?? 0) * (NS_PER_LONG_UNIT[unit] as number)
  }
  return { ok: true, value: isNegative ? -totalNs : totalNs }
}

const BYTES_PER_UNIT: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1e3,
  kb: 1e3,
  ki: 1024,
  kib: 1024,
  m: 1e6,
  mb: 1e6,
  mi: 1024 ** 2,
  mib: 1024 ** 2,
  g: 1e9,
  gb: 1e9,
  gi: 1024 ** 3,
  gib: 1024 ** 3,
  t: 1e12,
  tb: 1e12,
  ti: 1024 ** 4,
  tib: 1024 ** 4,
  p: 1e15,
  pb: 1e15,
  pi: 1024 ** 5,
  pib: 1024 ** 5,
  e: 1e18,
  eb: 1e18,
  ei: 1024 ** 6,
  eib: 1024 ** 6,
}

/** `3 kB`, `2.5KiB`, `42`; units in any case. Source: dustin/go-humanize ParseBytes. */
export function parseBytes(text: string): Parsed<number> {
  const end = endOf(text, 0, (code) => isNumberChar(code) || code === 44)
  const number = parseFloatText(text.slice(0, end).replaceAll(',', ''))
  if (!number.ok) return number
  const unit = text.slice(end).trim().toLowerCase()
  const size = Object.hasOwn(BYTES_PER_UNIT, unit) ? (BYTES_PER_UNIT[unit] as number) : undefined
  if (size === undefined) return { ok: false, message: `unhandled size name: ${unit}` }
  return { ok: true, value: Math.floor(number.value * size) }
}

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const HEX = /^([+-]?)0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)[pP]([+-]?\d+)$/

/** Source: Go strconv.ParseFloat. */
export function parseFloatText(text: string): Parsed<number> {
  if (DECIMAL.test(text)) return { ok: true, value: Number(text) }
  const hex = HEX.exec(text)
  const digits = `${hex?.[2] ?? ''}${hex?.[3] ?? ''}`
  if (hex !== null && digits !== '') {
    const exponent = Number(hex[4]) - 4 * (hex[3] as string).length
    const value = Number.parseInt(digits, 16) * 2 ** exponent
    return { ok: true, value: hex[1] === '-' ? -value : value }
  }
  if (/^[+-]?inf(?:inity)?$/i.test(text)) return { ok: true, value: text.startsWith('-') ? -Infinity : Infinity }
  if (/^[+-]?nan$/i.test(text)) return { ok: true, value: Number.NaN }
  return { ok: false, message: `strconv.ParseFloat: parsing ${quoted(text)}: invalid syntax` }
}

function quoted(text: string): string {
  return JSON.stringify(text)
}

function isNumberChar(code: number): boolean {
  return (code >= 48 && code <= 57) || code === 46
}

function endOf(text: string, from: number, isPart: (code: number) => boolean): number {
  let at = from
  while (at < text.length && isPart(text.charCodeAt(at))) at++
  return at
}

/** Shortest decimal without exponent, as Go's `%f` with the shortest precision. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  const text = String(value)
  const at = text.indexOf('e')
  if (at < 0) return text
  const exponent = Number(text.slice(at + 1))
  const sign = value < 0 ? '-' : ''
  const [whole = '', fraction = ''] = text.slice(sign.length, at).split('.')
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${whole}${fraction}`
  return `${sign}${whole}${fraction.padEnd(exponent, '0')}`
}

/** `1h30m0s`, `250ms`. Source: Go time.Duration.String. */
function formatGoDuration(durationNs: number): string {
  if (durationNs === 0) return '0s'
  const sign = durationNs < 0 ? '-' : ''
  const ns = Math.abs(durationNs)
  if (ns < 1e3) return `${sign}${ns}ns`
  if (ns < 1e6) return `${sign}${ns / 1e3}µs`
  if (ns < 1e9) return `${sign}${ns / 1e6}ms`
  const hours = Math.floor(ns / 3600e9)
  const minutes = Math.floor((ns % 3600e9) / 60e9)
  const seconds = `${formatNumber(Math.round(ns % 60e9) / 1e9)}s`
  if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}`
  return minutes > 0 ? `${sign}${minutes}m${seconds}` : `${sign}${seconds}`
}

const LONG_UNITS: readonly (readonly [name: string, ns: number])[] = [
  ['y', 365 * 86_400e9],
  ['w', 7 * 86_400e9],
  ['d', 86_400e9],
  ['h', 3600e9],
  ['m', 60e9],
  ['s', 1e9],
  ['ms', 1e6],
]

/** As queries write durations, whole units from large to small: `1d12h`, `5m`, `500ms`, else Go's. */
export function formatQueryDuration(durationNs: number): string {
  if (durationNs === 0 || durationNs % 1e6 !== 0) return formatGoDuration(durationNs)
  let rest = Math.abs(durationNs)
  let text = durationNs < 0 ? '-' : ''
  for (const [name, ns] of LONG_UNITS) {
    if ((name === 'y' || name === 'w') && rest % ns !== 0) continue
    const count = Math.floor(rest / ns)
    if (count > 0) text += `${count}${name}`
    rest -= count * ns
  }
  return text
}
