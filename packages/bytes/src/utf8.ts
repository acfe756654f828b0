/**
 * True where bytes [from, to) are UTF-8 as RFC 3629 has it: shortest forms only, no surrogates, at most U+10FFFF.
 * For short ranges; a whole body is checked faster by `isUtf8` of node:buffer.
 */
export function isUtf8Range(bytes: Uint8Array, from: number, to: number): boolean {
  let at = from
  while (at < to) {
    // Fast path: eight bytes of ASCII.
    while (at + 8 <= to && (eightOf(bytes, at) & 0x80) === 0) at += 8
    if (at === to) return true
    const lead = bytes[at++] as number
    if (lead < 0x80) continue
    let rest = 1
    let low = 0x80
    let high = 0xbf
    if (lead < 0xc2 || lead > 0xf4) return false
    if (lead >= 0xf0) {
      rest = 3
      if (lead === 0xf0) low = 0x90
      if (lead === 0xf4) high = 0x8f
    } else if (lead >= 0xe0) {
      rest = 2
      if (lead === 0xe0) low = 0xa0
      if (lead === 0xed) high = 0x9f
    }
    if (at + rest > to) return false
    const second = bytes[at] as number
    if (second < low || second > high) return false
    for (let i = 1; i < rest; i++) if (((bytes[at + i] as number) & 0xc0) !== 0x80) return false
    at += rest
  }
  return true
}

/** All bits that any of eight bytes has. */
function eightOf(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] as number) | (bytes[at + 1] as number) | (bytes[at + 2] as number) | (bytes[at + 3] as number)
  const next = at + 4
  return (
    low |
    (bytes[next] as number) |
    (bytes[next + 1] as number) |
    (bytes[next + 2] as number) |
    (bytes[next + 3] as number)
  )
}

/** Above this the engine's own decoder is faster than one character at a time. */
const SHORT_TEXT_BYTES = 12

/** Text of a range that is known to be UTF-8; bad bytes become U+FFFD. */
export function utf8Text(bytes: Uint8Array, from: number, to: number): string {
  if (to - from <= SHORT_TEXT_BYTES) {
    let text = ''
    let at = from
    for (; at < to; at++) {
      const byte = bytes[at] as number
      if (byte >= 0x80) break
      text += String.fromCharCode(byte)
    }
    if (at === to) return text
  }
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('utf8')
}

/**
 * Largest end ≤ `to` that does not cut a character in two.
 */
export function utf8Floor(bytes: Uint8Array, from: number, to: number): number {
  let at = to
  if (at >= bytes.length) return at
  while (at > from && ((bytes[at] as number) & 0xc0) === 0x80) at--
  return at
}
