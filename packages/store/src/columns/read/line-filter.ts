import {
  BODY_KIND,
  type ByteRanges,
  compileSearch,
  decodeValue,
  FaultError,
  type LineFilter,
  type LogColumns,
  type SearchPattern,
  valueText,
} from '@vantage/model'
import { type NeedleWalk, needleWalk } from './needle-search.ts'

/** A search through the bytes of all lines at once pays from this share of them on. */
const WHOLE_SHARE = 0.25

/** A filter with its needle as bytes, or with its pattern. */
export interface LineNeedle {
  readonly text: string
  readonly bytes: Buffer
  readonly isWanted: boolean
  readonly walk: NeedleWalk
  readonly pattern: SearchPattern | undefined
}

/**
 * Texts come before patterns, which cost more.
 * @throws FaultError where a pattern is none
 */
export function lineNeedles(filters: readonly LineFilter[]): LineNeedle[] {
  return filters
    .filter((one) => one.text !== '' || !one.isWanted)
    .map(({ text, isWanted, isPattern }) => {
      const pattern = isPattern === true ? patternOf(text) : undefined
      const bytes = Buffer.from(text, 'utf8')
      return { text, bytes, isWanted, walk: needleWalk(bytes), pattern }
    })
    .sort((a, b) => Number(a.pattern !== undefined) - Number(b.pattern !== undefined))
}

function patternOf(text: string): SearchPattern {
  const compiled = compileSearch(text)
  if (!compiled.ok) throw new FaultError(compiled.error)
  return compiled.value
}

/** The line of a row: its text, or the text of its value; '' where it has no body. */
function lineText(columns: LogColumns, row: number): string {
  const { bytes, from, to } = columns.bodies
  if (columns.bodyKinds[row] === BODY_KIND.value) {
    return valueText(decodeValue(bytes, from[row] as number, to[row] as number))
  }
  return bufferOver(bytes).toString('utf8', from[row], to[row])
}

/** Bytes of the line of a row as UTF-8. */
export function lineBytes(columns: LogColumns, row: number): number {
  if (columns.bodyKinds[row] === BODY_KIND.value) return Buffer.byteLength(lineText(columns, row))
  return (columns.bodies.to[row] as number) - (columns.bodies.from[row] as number)
}

/** Keeps those of `rows[0, count)` whose lines fulfil the filter, in their order. @returns how many */
export function filterLines(columns: LogColumns, needle: LineNeedle, rows: Int32Array, count: number): number {
  const { pattern } = needle
  if (pattern !== undefined) return filterByPattern(columns, pattern, needle.isWanted, rows, count)
  const hits = findHits(columns, needle, rows, count)
  let kept = 0
  for (let i = 0; i < count; i++) {
    const row = rows[i] as number
    const isHit = columns.bodyKinds[row] === BODY_KIND.value ? lineText(columns, row).includes(needle.text) : hits(row)
    if (isHit === needle.isWanted) rows[kept++] = row
  }
  return kept
}

function filterByPattern(
  columns: LogColumns,
  pattern: SearchPattern,
  isWanted: boolean,
  rows: Int32Array,
  count: number,
): number {
  const { bytes, from, to } = columns.bodies
  let kept = 0
  for (let i = 0; i < count; i++) {
    const row = rows[i] as number
    const isText = columns.bodyKinds[row] === BODY_KIND.text
    const told = isText ? pattern.testBytes(bytes, from[row] as number, to[row] as number) : undefined
    if ((told ?? pattern.test(lineText(columns, row))) === isWanted) rows[kept++] = row
  }
  return kept
}

/** Which rows with text hold the needle: by one search over all of it, or by one for each row. */
function findHits(columns: LogColumns, needle: LineNeedle, rows: Int32Array, count: number): (row: number) => boolean {
  const { bodies } = columns
  const area = Buffer.from(bodies.bytes.buffer, bodies.bytes.byteOffset, bodies.bytes.byteLength)
  let candidates = 0
  let low = Number.POSITIVE_INFINITY
  let high = 0
  let [first, last] = [columns.count, -1]
  for (let i = 0; i < count; i++) {
    const row = rows[i] as number
    const from = bodies.from[row] as number
    const to = bodies.to[row] as number
    candidates += to - from
    if (row < first) first = row
    if (row > last) last = row
    if (from === to) continue
    if (from < low) low = from
    if (to > high) high = to
  }
  if (needle.bytes.length > 0 && candidates >= (high - low) * WHOLE_SHARE) {
    const marks = markHits(bodies, area, needle, first, last + 1, low, high)
    return (row) => marks[row - first] === 1
  }
  return (row) => {
    const from = bodies.from[row] as number
    return area.subarray(from, bodies.to[row]).includes(needle.bytes)
  }
}

/**
 * Rows [first, end) whose bytes hold the needle, as 1 at row − first. Lines lie in the order of the rows, so one walk
 * over hits and rows finds them; lines touch, so a hit may cross their border and count for none.
 */
function markHits(
  bodies: ByteRanges,
  area: Buffer,
  { bytes: needle, walk }: LineNeedle,
  first: number,
  end: number,
  low: number,
  high: number,
): Uint8Array {
  const marks = new Uint8Array(end - first)
  let row = first
  walk.begin(area.subarray(0, high))
  let at = walk.next(low)
  while (at >= 0) {
    while (row < end && (bodies.to[row] as number) <= at) row++
    if (row >= end) break
    const from = bodies.from[row] as number
    const to = bodies.to[row] as number
    const isWithin = at >= from && at + needle.length <= to
    if (isWithin) marks[row - first] = 1
    at = walk.next(isWithin ? to : at + 1)
  }
  return marks
}

function bufferOver(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
