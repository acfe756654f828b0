const GROUPS = 8

/** Address in bytes [from, to), 4 or 16 of them, as text; '' for others. Source: RFC 5952, sections 4 and 5. */
export function ipText(bytes: Uint8Array, from: number, to: number): string {
  if (to - from === 4) return bytes.subarray(from, to).join('.')
  if (to - from !== 2 * GROUPS) return ''
  const groups = Array.from(
    { length: GROUPS },
    (_, i) => ((bytes[from + 2 * i] as number) << 8) | (bytes[from + 2 * i + 1] as number),
  )
  const { at, length } = longestZeros(groups)
  const hex = (some: number[]) => some.map((group) => group.toString(16)).join(':')
  if (length < 2) return hex(groups)
  return `${hex(groups.slice(0, at))}::${hex(groups.slice(at + length))}`
}

/** The first of the longest runs of zeros. */
function longestZeros(groups: readonly number[]): { at: number; length: number } {
  let best = { at: 0, length: 0 }
  for (let at = 0; at < GROUPS; at++) {
    let length = 0
    while (at + length < GROUPS && groups[at + length] === 0) length++
    if (length > best.length) best = { at, length }
  }
  return best
}
