/** Where in the query an error points, as offsets in UTF-16 units. */
export interface FaultPosition {
  readonly from: number
  readonly to: number
}

/** `1:8: parse error: …` of PromQL, `parse error at line 1, col 8: …` of LogQL. */
const LINE_AND_COLUMN = [/(?:^|[\s(])(\d{1,6}):(\d{1,6})(?:[:\s)]|$)/, /\bline (\d{1,6}), col (\d{1,6})\b/]
/** Of TraceQL. */
const OFFSET = /\bat offset (\d{1,6})\b/

/** Turns the place that a message names into one of the text. Without one the whole text is meant. */
export function faultPosition(text: string, message: string): FaultPosition {
  const named = namedOffset(text, message)
  if (named === undefined) return { from: 0, to: text.length }
  const from = Math.min(text.length, named)
  const word = /^[\w:.]+/.exec(text.slice(from))?.[0].length ?? 1
  // At the very end of the text the last character is marked, so that there is something to see.
  if (from >= text.length) return { from: Math.max(0, text.length - 1), to: text.length }
  return { from, to: Math.min(text.length, from + word) }
}

function namedOffset(text: string, message: string): number | undefined {
  const match = LINE_AND_COLUMN.map((one) => one.exec(message)).find((found) => found !== null)
  if (match === undefined) {
    const offset = OFFSET.exec(message)?.[1]
    return offset === undefined ? undefined : Number(offset)
  }
  const lines = text.split('\n')
  const line = Math.min(Number(match[1]), lines.length)
  let from = 0
  for (let i = 0; i < line - 1; i++) from += (lines[i] as string).length + 1
  return from + Math.max(0, Number(match[2]) - 1)
}
