import { parseDurationMs } from '@vantage/model'

const UNIT_NS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3_600e9,
}

const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y

/**
 * Reads a duration as PromQL writes it (`1d12h`), else as Go does (`1.5h`, `300us`).
 * @returns ns, or undefined where the text is no duration
 */
export function parseDurationNs(text: string): number | undefined {
  const promMs = text === '0' ? undefined : parseDurationMs(text)
  if (promMs !== undefined) return promMs * 1e6
  let ns = 0
  let at = 0
  while (at < text.length) {
    PART.lastIndex = at
    const part = PART.exec(text)
    if (part === null) return undefined
    ns += Number(part[1]) * (UNIT_NS[part[2] as string] as number)
    at = PART.lastIndex
  }
  return at === 0 ? undefined : Math.round(ns)
}

/** Writes ns, rounded, as Go does: `3h0m0s`, `1.5s`, `300µs`, `0s`. */
export function durationText(ns: number): string {
  const rest = Math.round(Math.abs(ns))
  if (rest === 0) return '0s'
  const sign = ns < 0 ? '-' : ''
  if (rest < 1e3) return `${sign}${rest}ns`
  if (rest < 1e6) return `${sign}${decimal(rest, 3)}µs`
  if (rest < 1e9) return `${sign}${decimal(rest, 6)}ms`
  const hours = Math.floor(rest / 3_600e9)
  const minutes = Math.floor((rest % 3_600e9) / 60e9)
  const head = hours > 0 ? `${hours}h${minutes}m` : minutes > 0 ? `${minutes}m` : ''
  return `${sign}${head}${decimal(rest % 60e9, 9)}s`
}

/** An integer with the point moved left by `places`, without trailing zeros. */
function decimal(integer: number, places: number): string {
  const digits = String(integer).padStart(places + 1, '0')
  const fraction = digits.slice(-places).replace(/0+$/, '')
  return digits.slice(0, -places) + (fraction === '' ? '' : `.${fraction}`)
}
