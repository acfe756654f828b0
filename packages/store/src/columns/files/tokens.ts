import type { BloomBuilder } from './bloom.ts'

/**
 * Words of lines and values, as filters hold them: ASCII letters, digits and all bytes from 0x80 on (so that letters of
 * other scripts are never cut apart); ASCII capitals count as small letters.
 */
const FOLDED = Uint8Array.from({ length: 256 }, (_, byte) => {
  const isDigit = byte >= 0x30 && byte <= 0x39
  const isSmall = byte >= 0x61 && byte <= 0x7a
  const isCapital = byte >= 0x41 && byte <= 0x5a
  if (isDigit || isSmall || byte >= 0x80) return byte
  return isCapital ? byte + 0x20 : 0
})

const SEED = 0x811c9dc5

/** Adds the words of bytes [from, to). */
export function addTokens(bytes: Uint8Array, from: number, to: number, bloom: BloomBuilder): void {
  let hash = SEED
  for (let i = from; i < to; i++) {
    const byte = FOLDED[bytes[i] as number] as number
    if (byte !== 0) hash = Math.imul(hash ^ byte, 0x01000193)
    else if (hash !== SEED) {
      bloom.add(finish(hash))
      hash = SEED
    }
  }
  if (hash !== SEED) bloom.add(finish(hash))
}

/** Hashes of the words that every text with this needle has whole: those that end within it on both sides. */
export function enclosedTokens(needle: Uint8Array): number[] {
  return tokensOf(needle).flatMap(([from, to]) => (from > 0 && to < needle.length ? [hashOf(needle, from, to)] : []))
}

/** Hashes of all words of a text. */
export function allTokens(text: Uint8Array): number[] {
  return tokensOf(text).map(([from, to]) => hashOf(text, from, to))
}

function tokensOf(text: Uint8Array): [number, number][] {
  const tokens: [number, number][] = []
  let from = 0
  for (let i = 0; i <= text.length; i++) {
    if (i < text.length && FOLDED[text[i] as number] !== 0) continue
    if (i > from) tokens.push([from, i])
    from = i + 1
  }
  return tokens
}

function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = SEED
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ (FOLDED[bytes[i] as number] as number), 0x01000193)
  return finish(hash)
}

function finish(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x7feb352d)
  return mixed ^ (mixed >>> 15)
}

/** Of a trace id of 16 bytes at a place. */
export function traceHash(bytes: Uint8Array, at: number): number {
  let hash = SEED
  for (let i = at; i < at + 16; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193)
  return finish(hash)
}
