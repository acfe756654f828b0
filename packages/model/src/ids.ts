/** Bytes [from, to) in lower-case hex, as trace and span ids are written. */
export function hexText(bytes: Uint8Array, from: number, to: number): string {
  let text = ''
  for (let i = from; i < to; i++) text += HEX[bytes[i] as number]
  return text
}

/** @returns the bytes, or undefined where the text is not hex of exactly `length` bytes */
export function hexBytes(text: string, length: number): Uint8Array<ArrayBuffer> | undefined {
  if (text.length !== length * 2 || !/^[0-9a-fA-F]*$/.test(text)) return undefined
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = Number.parseInt(text.slice(i * 2, i * 2 + 2), 16)
  return bytes
}

/** True where bytes [from, to) are all zero: the id is absent. */
export function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] !== 0) return false
  return true
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** The trace id and one span id of a row of columns as one short text: two bytes a character, the trace id first. */
export function spanKey(traceIds: Uint8Array, spanIds: Uint8Array, row: number): string {
  const t = row * 16
  const s = row * 8
  return String.fromCharCode(
    pairAt(traceIds, t),
    pairAt(traceIds, t + 2),
    pairAt(traceIds, t + 4),
    pairAt(traceIds, t + 6),
    pairAt(traceIds, t + 8),
    pairAt(traceIds, t + 10),
    pairAt(traceIds, t + 12),
    pairAt(traceIds, t + 14),
    pairAt(spanIds, s),
    pairAt(spanIds, s + 2),
    pairAt(spanIds, s + 4),
    pairAt(spanIds, s + 6),
  )
}

function pairAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
}
