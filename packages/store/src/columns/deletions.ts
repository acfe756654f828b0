import {
  compileMatcher,
  compileSearch,
  err,
  type Fault,
  fault,
  hexText,
  type LineFilter,
  type LogColumns,
  type LogRecord,
  type Matcher,
  type NsRange,
  type Origin,
  ok,
  PAYLOAD_ENCODINGS,
  PAYLOAD_FORMATS,
  type Result,
  type SpanColumns,
  streamLabels,
  type TenantId,
} from '@vantage/model'
import { matchersFromJson, matchersToJson } from '../metrics/tombstones.ts'
import { DELETIONS_MAX } from './limits.ts'
import { filterLines, type LineNeedle, lineNeedles } from './read/line-filter.ts'
import { compileMatchers, matchesAll } from './read/log-filter.ts'
import type { ScanPart } from './read/scan-part.ts'
import type { ColumnSet } from './rows/column-set.ts'
import { compareTimes, halvesOfTime, timeAt } from './rows/times.ts'

/**
 * Which rows go: those of [startNs, endNs) whose stream labels (`streamLabels` of model) all matchers take, and whose lines
 * fulfil all filters.
 */
export interface RowDeletion extends NsRange {
  /** At least one; what selects nothing deletes nothing. */
  readonly matchers: readonly Matcher[]
  /** Of logs alone, at least one; absent: whatever the lines are. */
  readonly lines?: readonly LineFilter[]
}

/** A deletion that is in force: it covers what lies before it in its topic, and nothing that came after. */
export interface Tombstone extends RowDeletion {
  /** Of its record. */
  readonly offset: number
  /** Of what is over with age alone: not of streams that one of these takes. */
  readonly unless?: readonly (readonly Matcher[])[]
  /** Of what is over with age alone: not of these traces, 32 hex digits each. */
  readonly keepsTraces?: readonly string[]
}

/**
 * @param waiting deletions that are not final in files yet
 * @returns the deletion, or why it may not be
 */
export function checkDeletion(deletion: RowDeletion, waiting: number): Result<RowDeletion, Fault> {
  if (waiting >= DELETIONS_MAX) {
    const message = `delete: ${waiting} deletions wait to be made final in files`
    return err(fault('too_many', message, { retryAfterSeconds: 60 }))
  }
  if (deletion.matchers.length === 0) return err(fault('bad_request', 'delete: want at least one matcher, got none'))
  if (deletion.startNs >= deletion.endNs) {
    return err(fault('bad_request', `delete: want start < end, got ${deletion.startNs} and ${deletion.endNs}`))
  }
  for (const matcher of deletion.matchers) {
    const compiled = compileMatcher(matcher)
    if (!compiled.ok) return compiled
  }
  const { matchers, lines, startNs, endNs } = deletion
  const range = { startNs: held(startNs), endNs: held(endNs) }
  if (lines === undefined) return ok({ matchers, ...range })
  if (lines.length === 0) return err(fault('bad_request', 'delete: want at least one filter of lines, got none'))
  for (const { text, isPattern } of lines) {
    if (text === '') return err(fault('bad_request', 'delete: want a text in each filter of lines, got an empty one'))
    const compiled = isPattern === true ? compileSearch(text) : ok(undefined)
    if (!compiled.ok) return compiled
  }
  return ok({ matchers, lines, ...range })
}

/** The nearest time that 64 bits hold. */
function held(timeNs: bigint): bigint {
  return timeAt(halvesOfTime(timeNs), 0)
}

/**
 * What a deletion selects as JSON: `[[name, op, value], …]`, with filters of lines `{"matchers", "lines": [[text, isWanted,
 * isPattern], …]}`. A version that knows no filters refuses the second form, and deletes nothing in place of too much.
 */
export function selectionToJson({ matchers, lines }: RowDeletion): unknown {
  const json = matchersToJson(matchers)
  if (lines === undefined) return json
  return { matchers: json, lines: lines.map((one) => [one.text, one.isWanted, one.isPattern === true]) }
}

/** @throws TypeError where it is none */
export function selectionFromJson(json: unknown): Pick<RowDeletion, 'matchers' | 'lines'> {
  if (Array.isArray(json)) return { matchers: matchersFromJson(json) }
  const { matchers, lines } = (json ?? {}) as Record<string, unknown>
  if (!Array.isArray(lines)) throw new TypeError('want matchers and filters of lines')
  return {
    matchers: matchersFromJson(matchers),
    lines: lines.map((one: unknown) => {
      const [text, isWanted, isPattern] = Array.isArray(one) ? one : []
      if (typeof text !== 'string' || typeof isWanted !== 'boolean')
        throw new TypeError('want [text, isWanted, isPattern]')
      return { text, isWanted, isPattern: isPattern === true }
    }),
  }
}

/**
 * A deletion as a record of the log of its signal. Payload: JSON `{"matchers", "startNs", "endNs"}`, see
 * `selectionToJson`; times as text.
 * @param deletion as `checkDeletion` returned it
 */
export function rowDeletionRecord(tenant: TenantId, deletion: RowDeletion, receivedAtMs: number): LogRecord {
  const { startNs, endNs } = deletion
  const json = { matchers: selectionToJson(deletion), startNs: String(startNs), endNs: String(endNs) }
  return {
    tenant,
    receiver: 'delete-rows',
    format: PAYLOAD_FORMATS.rowDeletion,
    encoding: PAYLOAD_ENCODINGS.identity,
    receivedAtMs,
    verdict: undefined,
    payload: Buffer.from(JSON.stringify(json)),
  }
}

/** Reads what `rowDeletionRecord` wrote. */
export function readRowDeletion(record: LogRecord): Result<RowDeletion, Fault> {
  try {
    const parsed = JSON.parse(Buffer.from(record.payload).toString('utf8')) as Record<string, unknown>
    const [startNs, endNs] = [BigInt(String(parsed['startNs'])), BigInt(String(parsed['endNs']))]
    return checkDeletion({ ...selectionFromJson(parsed['matchers']), startNs, endNs }, 0)
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof TypeError)) throw error
    return err(fault('bad_request', `delete: the record cannot be read: ${error.message}`))
  }
}

/** The offset below which all given tombstones lie; what is written with them in force carries it. */
export function deletedToOf(tombstones: readonly Tombstone[], toOffset: number): number {
  return tombstones.reduce((newest, one) => Math.max(newest, one.offset + 1), toOffset)
}

/** What deletions may be missing from: a chunk, or a file. */
export interface DeletionScope {
  /** Deletions below this offset are made final in it, or came before its rows. */
  readonly deletedTo: number
  readonly minTimeNs: bigint
  readonly maxTimeNs: bigint
}

/** The tombstones that may hide rows of the scope. */
export function tombstonesOver(tombstones: readonly Tombstone[], scope: DeletionScope): readonly Tombstone[] {
  if (tombstones.length === 0) return tombstones
  return tombstones.filter(
    (one) => one.offset >= scope.deletedTo && one.startNs <= scope.maxTimeNs && one.endNs > scope.minTimeNs,
  )
}

/** True where a tombstone names rows of one of the origins. */
export function namesSome(tombstones: readonly Tombstone[], origins: readonly Origin[]): boolean {
  return tombstones.some((one) => namedOrigins(one, origins).includes(true))
}

/** By place: true for origins whose rows a tombstone may name. */
function namedOrigins({ matchers, unless = [] }: Tombstone, origins: readonly Origin[]): boolean[] {
  const compiled = compileMatchers(matchers)
  const others = unless.map(compileMatchers)
  return origins.map((origin) => {
    const labels = streamLabels(origin)
    return matchesAll(compiled, labels) && !others.some((one) => matchesAll(one, labels))
  })
}

/** The rows that tombstones leave, in their order. */
export function undeleted(
  tombstones: readonly Tombstone[],
  columns: unknown,
  set: ColumnSet,
  origins: readonly Origin[],
  rows: Int32Array,
): Int32Array {
  let left = rows
  for (const tombstone of tombstones) {
    const { lines, keepsTraces, startNs, endNs } = tombstone
    const verdicts = namedOrigins(tombstone, origins)
    const isKept = keepsTraces === undefined ? () => false : inTraces(keepsTraces, columns as SpanColumns)
    const times = set.longs[0] as Int32Array
    const start = halvesOfTime(startNs)
    const end = halvesOfTime(endNs)
    const isNamed = (row: number): boolean =>
      verdicts[set.origins[row] as number] === true &&
      compareTimes(times, row, start, 0) >= 0 &&
      compareTimes(times, row, end, 0) < 0 &&
      !isKept(row)
    if (lines === undefined) left = left.filter((row) => !isNamed(row))
    else left = without(left, linesThatGo(tombstone, columns as LogColumns, left.filter(isNamed)))
  }
  return left
}

/** What deletions ask of rows, beside times and origins. */
export function partsOfDeletions(tombstones: readonly Tombstone[]): ScanPart[] {
  const parts: ScanPart[] = []
  if (tombstones.some(({ lines }) => lines !== undefined)) parts.push('line')
  if (tombstones.some(({ keepsTraces }) => keepsTraces !== undefined)) parts.push('ids')
  return parts
}

const tracesOf = new WeakMap<readonly string[], ReadonlySet<string>>()

/** True for rows of one of the traces. */
function inTraces(ids: readonly string[], { traceIds }: SpanColumns): (row: number) => boolean {
  const wanted = tracesOf.get(ids) ?? new Set(ids)
  tracesOf.set(ids, wanted)
  return (row) => wanted.has(hexText(traceIds, row * 16, row * 16 + 16))
}

const needlesOf = new WeakMap<Tombstone, readonly LineNeedle[]>()

/** Those of the rows whose lines fulfil all filters, in their order. */
function linesThatGo(tombstone: Tombstone, columns: LogColumns, rows: Int32Array): Int32Array {
  const needles = needlesOf.get(tombstone) ?? lineNeedles(tombstone.lines ?? [])
  needlesOf.set(tombstone, needles)
  let count = rows.length
  for (const needle of needles) if (count > 0) count = filterLines(columns, needle, rows, count)
  return rows.subarray(0, count)
}

/** @param gone some of the rows, in the same order */
function without(rows: Int32Array, gone: Int32Array): Int32Array {
  let next = 0
  return rows.filter((row) => {
    if (gone[next] !== row) return true
    next++
    return false
  })
}
