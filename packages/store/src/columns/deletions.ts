import {
  compileMatcher,
  err,
  type Fault,
  fault,
  type LogRecord,
  type Matcher,
  type NsRange,
  type Origin,
  ok,
  PAYLOAD_ENCODINGS,
  PAYLOAD_FORMATS,
  type Result,
  streamLabels,
  type TenantId,
} from '@vantage/model'
import { matchersFromJson, matchersToJson } from '../metrics/tombstones.ts'
import { DELETIONS_MAX } from './limits.ts'
import { compileMatchers, matchesAll } from './read/log-filter.ts'
import type { ColumnSet } from './rows/column-set.ts'
import { compareTimes, halvesOfTime, timeAt } from './rows/times.ts'

/** Which rows go: those of [startNs, endNs) whose stream labels (`streamLabels` of model) all matchers take. */
export interface RowDeletion extends NsRange {
  /** At least one; what selects nothing deletes nothing. */
  readonly matchers: readonly Matcher[]
}

/** A deletion that is in force: it covers what lies before it in its topic, and nothing that came after. */
export interface Tombstone extends RowDeletion {
  /** Of its record. */
  readonly offset: number
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
  const { matchers, startNs, endNs } = deletion
  return ok({ matchers, startNs: held(startNs), endNs: held(endNs) })
}

/** The nearest time that 64 bits hold. */
function held(timeNs: bigint): bigint {
  return timeAt(halvesOfTime(timeNs), 0)
}

/**
 * A deletion as a record of the log of its signal. Payload: JSON `{"matchers": [[name, op, value], …], "startNs",
 * "endNs"}`, times as text.
 * @param deletion as `checkDeletion` returned it
 */
export function rowDeletionRecord(tenant: TenantId, deletion: RowDeletion, receivedAtMs: number): LogRecord {
  const { startNs, endNs } = deletion
  const json = { matchers: matchersToJson(deletion.matchers), startNs: String(startNs), endNs: String(endNs) }
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
    return checkDeletion({ matchers: matchersFromJson(parsed['matchers']), startNs, endNs }, 0)
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
  return tombstones.some((one) => {
    const matchers = compileMatchers(one.matchers)
    return origins.some((origin) => matchesAll(matchers, streamLabels(origin)))
  })
}

/** The rows that tombstones leave, in their order. */
export function undeleted(
  tombstones: readonly Tombstone[],
  set: ColumnSet,
  origins: readonly Origin[],
  rows: Int32Array,
): Int32Array {
  let left = rows
  for (const { matchers, startNs, endNs } of tombstones) {
    const compiled = compileMatchers(matchers)
    const verdicts = origins.map((origin) => matchesAll(compiled, streamLabels(origin)))
    const times = set.longs[0] as Int32Array
    const start = halvesOfTime(startNs)
    const end = halvesOfTime(endNs)
    left = left.filter(
      (row) =>
        verdicts[set.origins[row] as number] !== true ||
        compareTimes(times, row, start, 0) < 0 ||
        compareTimes(times, row, end, 0) >= 0,
    )
  }
  return left
}
