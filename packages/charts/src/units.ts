/** What a number counts, so that axes and readouts can scale it. */
export type Unit =
  | { readonly kind: 'plain'; readonly suffix: string }
  | { readonly kind: 'seconds' }
  | { readonly kind: 'bytes'; readonly perSecond: boolean }
  | { readonly kind: 'ratio' }
  | { readonly kind: 'percent' }

export const PLAIN: Unit = { kind: 'plain', suffix: '' }
const RATE: Unit = { kind: 'plain', suffix: '/s' }

/** One divisor and suffix for a whole axis. */
export interface Scale {
  readonly divisor: number
  readonly suffix: string
  /** 1024 for bytes: ticks are multiples of powers of it. */
  readonly base: 10 | 1024
}

const NARROW_SPACE = '\u202F'
/** Significant ones that are written. */
const DIGITS = 3
const MINUS = '\u2212'
export const NO_DATA = '–'

const SI: readonly (readonly [number, string])[] = [
  [1e15, 'P'],
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
  [1, ''],
]
const BYTES: readonly (readonly [number, string])[] = [
  [1024 ** 5, 'PiB'],
  [1024 ** 4, 'TiB'],
  [1024 ** 3, 'GiB'],
  [1024 ** 2, 'MiB'],
  [1024, 'KiB'],
  [1, 'B'],
]
const SECONDS: readonly (readonly [number, string])[] = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
  [1, 's'],
  [1e-3, 'ms'],
  [1e-6, 'µs'],
  [1e-9, 'ns'],
]

/**
 * The unit of a series from what is known about its metric.
 * @param metric   metric name; its suffix speaks where the metadata does not
 * @param declared unit of the metadata, '' where unknown
 * @param isRate   true where the value is a change per second
 */
export function unitOf(metric: string, declared: string, isRate: boolean): Unit {
  const stem = metric.replace(/_(total|sum|bucket|count|max|min)$/, '')
  // A moment in time, not a length of it.
  if (/(boot|start|end|timestamp)(_time)?_seconds$/.test(metric)) return isRate ? RATE : { kind: 'plain', suffix: 's' }
  if (/_(count|bucket)$/.test(metric)) return isRate ? RATE : PLAIN
  const named = declared || (/_(seconds|bytes|ratio|percent|milliseconds|celsius)$/.exec(stem)?.[1] ?? '')
  switch (named) {
    case 's':
    case 'seconds':
      return isRate ? { kind: 'ratio' } : { kind: 'seconds' }
    case 'By':
    case 'bytes':
      return { kind: 'bytes', perSecond: isRate }
    case 'ratio':
    case '1':
      return isRate ? RATE : named === 'ratio' ? { kind: 'ratio' } : PLAIN
    case 'percent':
    case '%':
      return { kind: 'percent' }
    case 'ms':
    case 'milliseconds':
      return { kind: 'plain', suffix: isRate ? 'ms/s' : 'ms' }
    case 'celsius':
    case 'Cel':
      return { kind: 'plain', suffix: '°C' }
    case '':
      return isRate ? RATE : PLAIN
    default:
      return { kind: 'plain', suffix: isRate ? `${named}/s` : named }
  }
}

/** Chooses one scale that fits `maxAbs`, for an axis or a single value. */
export function scaleFor(unit: Unit, maxAbs: number): Scale {
  const size = Number.isFinite(maxAbs) ? Math.abs(maxAbs) : 0
  switch (unit.kind) {
    case 'bytes': {
      const [divisor, name] = pick(BYTES, Math.max(size, 1))
      return { divisor, suffix: unit.perSecond ? `${name}/s` : name, base: 1024 }
    }
    case 'seconds': {
      const [divisor, suffix] = size === 0 ? ([1, 's'] as const) : pick(SECONDS, size)
      return { divisor, suffix, base: 10 }
    }
    case 'ratio':
      return { divisor: 0.01, suffix: '%', base: 10 }
    case 'percent':
      return { divisor: 1, suffix: '%', base: 10 }
    case 'plain': {
      const [divisor, prefix] = pick(SI, Math.max(size, 1))
      // `3k`, but `3 k req`: a bare prefix stays on the digits, a prefix with a unit stands with it.
      return { divisor, suffix: `${prefix}${unit.suffix}`, base: 10 }
    }
  }
}

function pick(rows: readonly (readonly [number, string])[], size: number): readonly [number, string] {
  // By what is written: 0.9997 s is `1 s`, not `1,000 ms`.
  for (const row of rows) if (Number((size / row[0]).toPrecision(DIGITS)) >= 1) return row
  return rows.at(-1) as readonly [number, string]
}

/** Three significant digits with locale grouping, true minus sign, `–` for no data. */
export function formatScaled(value: number, scale: Scale): string {
  if (Number.isNaN(value)) return NO_DATA
  if (!Number.isFinite(value)) return value > 0 ? '∞' : `${MINUS}∞`
  if (value === 0) return '0'
  const digits = threeDigits(Math.abs(value / scale.divisor))
  const sign = value < 0 && digits !== '0' ? MINUS : ''
  if (scale.suffix === '') return `${sign}${digits}`
  const isBarePrefix = scale.suffix.length === 1 && 'kMGTP'.includes(scale.suffix)
  return `${sign}${digits}${isBarePrefix ? '' : NARROW_SPACE}${scale.suffix}`
}

export function formatValue(value: number, unit: Unit): string {
  return formatScaled(value, scaleFor(unit, value))
}

const SECONDS_UNIT: Unit = { kind: 'seconds' }

/** A length of time that was measured in ms: `1.23 s`, `45.6 ms`, `789 µs`. */
export function formatMs(ms: number): string {
  return ms === 0 ? `0${NARROW_SPACE}ms` : formatValue(ms / 1_000, SECONDS_UNIT)
}

/** How many times as much: `3.4×`, from ten on without a fraction. */
export function formatFactor(factor: number): string {
  return `${factor < 9.95 ? factor.toFixed(1) : Math.round(factor).toLocaleString('en')}×`
}

/** The value itself with all its digits, for hover and copy. */
export function formatExact(value: number): string {
  return Number.isNaN(value) ? 'NaN' : String(value)
}

function threeDigits(size: number): string {
  if (size === 0) return '0'
  if (size < 1e-6 || size >= 1e9) return size.toExponential(2).replace('e+', 'e').replace('e-', `e${MINUS}`)
  const rounded = Number(size.toPrecision(size >= 1000 ? Math.ceil(Math.log10(size + 1)) : DIGITS))
  return rounded.toLocaleString('en', { maximumFractionDigits: 9 })
}
