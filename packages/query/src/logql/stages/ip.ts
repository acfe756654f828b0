import { FaultError, fault } from '@vantage/model'

/** An address as a number of 32 or 128 bits. */
interface Address {
  readonly bits: 32 | 128
  readonly value: bigint
}

/** Addresses from `low` to `high`, both included. */
export interface IpRange {
  readonly bits: 32 | 128
  readonly low: bigint
  readonly high: bigint
}

/** One address, `first-last` or CIDR. @throws FaultError for anything else */
export function parseIpRange(pattern: string): IpRange {
  const range = rangeOf(pattern)
  if (range === undefined || range.low > range.high) {
    const message = `ip: invalid pattern: want an address, a range or a CIDR, got ${JSON.stringify(pattern)}`
    throw new FaultError(fault('bad_request', message, { reason: 'bad_data' }))
  }
  return range
}

function rangeOf(pattern: string): IpRange | undefined {
  const dash = pattern.indexOf('-')
  if (dash >= 0) {
    const low = parseAddress(pattern.slice(0, dash))
    const high = parseAddress(pattern.slice(dash + 1))
    if (low === undefined || high === undefined || low.bits !== high.bits) return undefined
    return { bits: low.bits, low: low.value, high: high.value }
  }
  const slash = pattern.indexOf('/')
  const address = parseAddress(slash < 0 ? pattern : pattern.slice(0, slash))
  if (address === undefined) return undefined
  const { bits, value } = address
  if (slash < 0) return { bits, low: value, high: value }
  const length = pattern.slice(slash + 1)
  if (!/^\d{1,3}$/.test(length) || Number(length) > bits) return undefined
  const hostBits = BigInt(bits - Number(length))
  const low = (value >> hostBits) << hostBits
  return { bits, low, high: low | ((1n << hostBits) - 1n) }
}

function parseAddress(text: string): Address | undefined {
  if (text.includes(':')) return parseIpv6(text)
  const value = parseIpv4(text)
  return value === undefined ? undefined : { bits: 32, value }
}

function parseIpv4(text: string): bigint | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  let value = 0n
  for (const part of parts) {
    if (!/^(?:0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined
    value = (value << 8n) | BigInt(part)
  }
  return value
}

function parseIpv6(text: string): Address | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const groups = halves.map(ipv6Groups)
  const [head, tail] = groups
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined
  const known = head.length + (tail?.length ?? 0)
  if (halves.length === 1 ? known !== 8 : known > 7) return undefined
  const all = [...head, ...new Array<number>(8 - known).fill(0), ...(tail ?? [])]
  return { bits: 128, value: all.reduce((value, group) => (value << 16n) | BigInt(group), 0n) }
}

/** The last group may be an IPv4 address, which makes two. */
function ipv6Groups(text: string): number[] | undefined {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [i, part] of parts.entries()) {
    const embedded = i === parts.length - 1 ? parseIpv4(part) : undefined
    if (embedded !== undefined) groups.push(Number(embedded >> 16n), Number(embedded & 0xffffn))
    else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16))
    else return undefined
  }
  return groups
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

function isHexOrColon(code: number): boolean {
  return isDigit(code) || code === 58 || (code >= 97 && code <= 102) || (code >= 65 && code <= 70)
}

/** Longest text that an address may have; longer runs of its characters are something else. */
const ADDRESS_CHARS_MAX = 45

/** True where an address of the range stands anywhere in the text. */
export function holdsIp(text: string, range: IpRange): boolean {
  const isPart = range.bits === 32 ? isDigit : isHexOrColon
  let at = 0
  while (at < text.length) {
    if (!isPart(text.charCodeAt(at))) {
      at++
      continue
    }
    let end = at
    while (end < text.length && (isPart(text.charCodeAt(end)) || text.charCodeAt(end) === 46)) end++
    if (end - at <= ADDRESS_CHARS_MAX && isIn(text.slice(at, end).replace(/\.+$/, ''), range)) return true
    at = end
  }
  return false
}

function isIn(text: string, range: IpRange): boolean {
  const address = parseAddress(text)
  return (
    address !== undefined && address.bits === range.bits && address.value >= range.low && address.value <= range.high
  )
}
