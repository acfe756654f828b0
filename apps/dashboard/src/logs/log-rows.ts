import type { LogLine } from '@vantage/api/client'
import type { LogSort } from './log-url.ts'

/** A line with a name of its own, as long as it is loaded: its time, and which of the lines of that time it is. */
export interface LogRow extends LogLine {
  readonly key: string
}

/** Lines of a page further back. */
export const PAGE_LINES = 5_000
/** Lines that are held at once; a narrower query shows others. */
export const ROWS_MAX = 200_000

/** Names lines, the newest first. */
export function logRows(lines: readonly LogLine[]): LogRow[] {
  let timeNs: bigint | undefined
  let ordinal = 0
  return lines.map((line) => {
    ordinal = line.timeNs === timeNs ? ordinal + 1 : 0
    timeNs = line.timeNs
    return { ...line, key: `${line.timeNs}.${ordinal}` }
  })
}

/**
 * Adds older lines behind those that are loaded. The page ends with the oldest loaded moment, of which some lines are
 * known: those come once.
 */
export function withOlder(rows: readonly LogRow[], page: readonly LogLine[]): readonly LogRow[] {
  const oldest = rows.at(-1)
  if (oldest === undefined) return logRows(page)
  const fresh = unknownOf(page, rows.slice(firstOf(rows, oldest.timeNs)), oldest.timeNs)
  return fresh.length === 0 ? rows : renamed([...rows, ...fresh], rows.length - 1)
}

/** Adds newer lines in front. They may arrive again what is there, and late ones; these stand in their place. */
export function withNewer(rows: readonly LogRow[], lines: readonly LogLine[]): readonly LogRow[] {
  const newest = rows[0]
  if (newest === undefined) return logRows(lines)
  const isLater = lines.every((line) => line.timeNs > newest.timeNs)
  // Fast path: nothing of what is loaded moves but by the number of new lines.
  if (isLater) return [...logRows(lines), ...rows].slice(0, ROWS_MAX)
  return logRows([...lines, ...rows].sort(newestFirst)).slice(0, ROWS_MAX)
}

export function newestFirst(a: LogLine, b: LogLine): number {
  return a.timeNs < b.timeNs ? 1 : a.timeNs > b.timeNs ? -1 : 0
}

function firstOf(rows: readonly LogRow[], timeNs: bigint): number {
  let at = rows.length - 1
  while (at > 0 && (rows[at - 1] as LogRow).timeNs === timeNs) at--
  return at
}

function unknownOf(page: readonly LogLine[], known: readonly LogLine[], timeNs: bigint): LogLine[] {
  const counts = new Map<string, number>()
  for (const line of known) counts.set(contentOf(line), (counts.get(contentOf(line)) ?? 0) + 1)
  return page.filter((line) => {
    if (line.timeNs !== timeNs) return line.timeNs < timeNs
    const count = counts.get(contentOf(line)) ?? 0
    counts.set(contentOf(line), count - 1)
    return count <= 0
  })
}

function contentOf({ line, labels }: LogLine): string {
  return `${line}\u0000${JSON.stringify(labels)}`
}

/** Names from one place on; those before keep theirs. */
function renamed(rows: readonly (LogLine | LogRow)[], from: number): LogRow[] {
  const kept = rows.slice(0, from + 1) as LogRow[]
  const last = kept.at(-1) as LogRow
  let timeNs = last.timeNs
  let ordinal = Number(last.key.slice(last.key.indexOf('.') + 1))
  for (const line of rows.slice(from + 1)) {
    ordinal = line.timeNs === timeNs ? ordinal + 1 : 0
    timeNs = line.timeNs
    kept.push({ ...line, key: `${line.timeNs}.${ordinal}` })
  }
  return kept
}

export const ROW_PX = 24
const WRAPPED_LINE_PX = 18
const WRAPPED_PAD_PX = 6
/** Lines that one wrapped row shows; the drawer has all of it. */
const WRAPPED_LINES_MAX = 20

/**
 * Where each row begins, and the end of the last, px.
 * @param charsPerLine that a wrapped line holds; undefined = rows are not wrapped
 */
export function rowTops(rows: readonly LogRow[], charsPerLine: number | undefined): Float64Array {
  const tops = new Float64Array(rows.length + 1)
  for (const [i, row] of rows.entries()) {
    tops[i + 1] = (tops[i] as number) + (charsPerLine === undefined ? ROW_PX : wrappedPx(row.line, charsPerLine))
  }
  return tops
}

function wrappedPx(text: string, charsPerLine: number): number {
  let lines = 0
  let from = 0
  while (from <= text.length && lines < WRAPPED_LINES_MAX) {
    const end = text.indexOf('\n', from)
    const length = (end < 0 ? text.length : end) - from
    lines += Math.max(1, Math.ceil(length / Math.max(1, charsPerLine)))
    if (end < 0) break
    from = end + 1
  }
  return Math.min(WRAPPED_LINES_MAX, Math.max(1, lines)) * WRAPPED_LINE_PX + WRAPPED_PAD_PX
}

/** The row at a height: the last that begins at or above it. */
export function rowAtTop(tops: Float64Array, px: number): number {
  let [low, high] = [0, tops.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((tops[middle + 1] ?? Number.POSITIVE_INFINITY) <= px) low = middle + 1
    else high = middle
  }
  return Math.min(low, Math.max(0, tops.length - 2))
}

/** Rows in the order of a label's values, numbers as numbers; those without it last. */
export function sortedRows(rows: readonly LogRow[], sort: LogSort | undefined): readonly LogRow[] {
  if (sort === undefined) return rows
  const direction = sort.isDescending ? -1 : 1
  const keyed = rows.map((row) => ({ row, value: row.labels[sort.column] }))
  keyed.sort((a, b) => {
    if (a.value === undefined || b.value === undefined)
      return Number(a.value === undefined) - Number(b.value === undefined)
    return NUMERIC.compare(a.value, b.value) * direction
  })
  return keyed.map(({ row }) => row)
}

const NUMERIC = new Intl.Collator('en', { numeric: true })

/** Rows that hold a text, in any letter case; empty for no text. */
export function rowsWith(rows: readonly LogRow[], text: string): number[] {
  const wanted = text.trim().toLowerCase()
  if (wanted === '') return []
  return rows.flatMap((row, i) => (row.line.toLowerCase().includes(wanted) ? [i] : []))
}

/** A text in pieces, those that match marked. */
export function markedParts(
  text: string,
  wanted: string,
): readonly { readonly text: string; readonly isMatch: boolean }[] {
  const needle = wanted.trim().toLowerCase()
  if (needle === '') return [{ text, isMatch: false }]
  const lower = text.toLowerCase()
  const parts: { text: string; isMatch: boolean }[] = []
  let from = 0
  for (let at = lower.indexOf(needle); at >= 0; at = lower.indexOf(needle, from)) {
    if (at > from) parts.push({ text: text.slice(from, at), isMatch: false })
    parts.push({ text: text.slice(at, at + needle.length), isMatch: true })
    from = at + needle.length
  }
  if (from < text.length) parts.push({ text: text.slice(from), isMatch: false })
  return parts
}
