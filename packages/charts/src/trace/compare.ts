import { callKey, type MergedCall } from './merged-calls.ts'

export const COMPARE_MARKS = ['added', 'missing', 'slower', 'faster', 'same'] as const
export type CompareMark = (typeof COMPARE_MARKS)[number]

/** Calls of two traces on the same way from the root, side by side. */
export interface ComparedCall {
  readonly service: string
  readonly name: string
  readonly depth: number
  readonly before: MergedCall | undefined
  readonly after: MergedCall | undefined
  readonly mark: CompareMark
  /** Time of all calls after less that before. */
  readonly deltaMs: number
}

/** A difference is named from this share of the longer of two times … */
const SHARE_MIN = 0.1
/** … and this share of the longer trace. */
const TRACE_SHARE_MIN = 0.005

/** The rule by which calls are marked, for the page to state. */
export const COMPARE_RULE = 'slower and faster: by a tenth of the time and half a percent of the trace, at least'

/**
 * Puts two traces into one tree: what both have stands together, what one of them lacks is marked.
 * @param longestMs of the longer trace
 * @returns rows in the order of the tree, those with the largest times of siblings first
 */
export function compareCalls(
  before: readonly MergedCall[],
  after: readonly MergedCall[],
  longestMs: number,
): ComparedCall[] {
  const rows: ComparedCall[] = []
  const open = pairs(before, after, 0, longestMs).reverse()
  while (open.length > 0) {
    const row = open.pop() as ComparedCall
    rows.push(row)
    const below = pairs(row.before?.children ?? [], row.after?.children ?? [], row.depth + 1, longestMs)
    for (let i = below.length - 1; i >= 0; i--) open.push(below[i] as ComparedCall)
  }
  return rows
}

function pairs(
  before: readonly MergedCall[],
  after: readonly MergedCall[],
  depth: number,
  longestMs: number,
): ComparedCall[] {
  const rest = new Map(after.map((call) => [callKey(call.service, call.name), call]))
  const both = before.map((call) => {
    const key = callKey(call.service, call.name)
    const other = rest.get(key)
    rest.delete(key)
    return rowOf(call, other, depth, longestMs)
  })
  const added = [...rest.values()].map((call) => rowOf(undefined, call, depth, longestMs))
  const timeOf = ({ before: a, after: b }: ComparedCall) => Math.max(a?.workMs ?? 0, b?.workMs ?? 0)
  return [...both, ...added].sort((a, b) => timeOf(b) - timeOf(a))
}

function rowOf(
  before: MergedCall | undefined,
  after: MergedCall | undefined,
  depth: number,
  longestMs: number,
): ComparedCall {
  const { service, name } = (before ?? after) as MergedCall
  const deltaMs = (after?.totalMs ?? 0) - (before?.totalMs ?? 0)
  return { service, name, depth, before, after, deltaMs, mark: markOf(before, after, deltaMs, longestMs) }
}

function markOf(
  before: MergedCall | undefined,
  after: MergedCall | undefined,
  deltaMs: number,
  longestMs: number,
): CompareMark {
  if (before === undefined) return 'added'
  if (after === undefined) return 'missing'
  const least = Math.max(SHARE_MIN * Math.max(before.totalMs, after.totalMs), TRACE_SHARE_MIN * longestMs)
  if (Math.abs(deltaMs) < least) return 'same'
  return deltaMs > 0 ? 'slower' : 'faster'
}
