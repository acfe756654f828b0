/** Numbers as PromQL reads and writes them. Source: Go strconv.ParseFloat and FormatFloat. */

/** Reads a number token; `0755` is octal, `_` may separate digits. NaN for nothing: the lexer checked the form. */
export function parseNumberToken(token: string): number {
  const text = token.replaceAll('_', '')
  if (/^0[0-7]+$/.test(text)) return Number.parseInt(text, 8)
  return Number(text)
}

const FLOAT_PATTERN = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const INFINITY_PATTERN = /^([+-]?)inf(?:inity)?$/i

/** Reads a float as label values carry it (`le`); undefined where Go would refuse it. */
export function parseFloatText(text: string): number | undefined {
  if (FLOAT_PATTERN.test(text)) return Number(text)
  const infinite = INFINITY_PATTERN.exec(text)
  if (infinite !== null) return infinite[1] === '-' ? -Infinity : Infinity
  if (/^[+-]?nan$/i.test(text)) return Number.NaN
  return undefined
}

function specialText(value: number): string | undefined {
  if (Number.isNaN(value)) return 'NaN'
  if (value === Infinity) return '+Inf'
  if (value === -Infinity) return '-Inf'
  return undefined
}

/** Shortest decimal without exponent (Go `%f`, precision -1): how literals and `count_values` print. */
export function formatDecimal(value: number): string {
  const special = specialText(value)
  if (special !== undefined) return special
  if (Object.is(value, -0)) return '-0'
  const text = String(value)
  const exponentAt = text.indexOf('e')
  if (exponentAt < 0) return text
  const exponent = Number(text.slice(exponentAt + 1))
  const sign = text.startsWith('-') ? '-' : ''
  const [whole = '', fraction = ''] = text.slice(sign.length, exponentAt).split('.')
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${whole}${fraction}`
  return `${sign}${whole}${fraction.padEnd(exponent, '0')}`
}

/** Digits before the point from which on `%g` takes an exponent. */
const GENERAL_DIGITS_MAX = 6

/** Shortest form with an exponent from seven digits on (Go `%g`): how warnings print numbers. */
export function formatGeneral(value: number): string {
  const special = specialText(value)
  if (special !== undefined) return special
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const [mantissa = '', exponentText = '0'] = value.toExponential().split('e')
  const exponent = Number(exponentText)
  if (exponent >= -4 && exponent < GENERAL_DIGITS_MAX) return formatDecimal(value)
  return `${mantissa}${goExponent(exponent)}`
}

function goExponent(exponent: number): string {
  return `e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

/** As Prometheus answers numbers: decimal, with an exponent below a millionth and from 10^21 on. */
export function formatApiFloat(value: number): string {
  const size = Math.abs(value)
  if (size === 0 || (size >= 1e-6 && size < 1e21) || !Number.isFinite(value)) return formatDecimal(value)
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e')
  return `${mantissa}${goExponent(Number(exponent))}`
}

/** As OpenMetrics writes label values that are floats: `1` is `1.0`. */
export function formatOpenMetricsFloat(value: number): string {
  const text = formatGeneral(value)
  return /^-?\d+$/.test(text) ? `${text}.0` : text
}
