/** Where in the query an error points, as offsets in UTF-16 units. */
export interface FaultPosition {
  readonly from: number
  readonly to: number
}

/**
 * Finds `line:column` in a message of the query API (`1:8: parse error: …`, `invalid parameter "query": 1:8: …`)
 * and turns it into a place of the text. Without one the whole text is meant.
 */
export function faultPosition(text: string, message: string): FaultPosition {
  const match = /(?:^|[\s(])(\d{1,6}):(\d{1,6})(?:[:\s)]|$)/.exec(message)
  if (match === null) return { from: 0, to: text.length }
  const lines = text.split('\n')
  const line = Math.min(Number(match[1]), lines.length)
  let from = 0
  for (let i = 0; i < line - 1; i++) from += (lines[i] as string).length + 1
  from = Math.min(text.length, from + Math.max(0, Number(match[2]) - 1))
  const word = /^[\w:.]+/.exec(text.slice(from))?.[0].length ?? 1
  // At the very end of the text the last character is marked, so that there is something to see.
  if (from >= text.length) return { from: Math.max(0, text.length - 1), to: text.length }
  return { from, to: Math.min(text.length, from + word) }
}
