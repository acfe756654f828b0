import {
  compileMatcher,
  err,
  type Fault,
  fault,
  type LogRecord,
  type Matcher,
  type MatchOp,
  ok,
  PAYLOAD_ENCODINGS,
  PAYLOAD_FORMATS,
  type Result,
  type TenantId,
} from '@vantage/model'
import { TIME_MAX_MS, TOMBSTONES_MAX } from './limits.ts'

/** Which samples go: those of all series that the matchers take, in [startMs, endMs] (whole ms, both ends inclusive). */
export interface SeriesDeletion {
  /** At least one; what selects nothing deletes nothing. */
  readonly matchers: readonly Matcher[]
  readonly startMs: number
  readonly endMs: number
}

/** A deletion that is in force: it covers what lies before it in the log, and nothing that came after. */
export interface Tombstone extends SeriesDeletion {
  /** Of its record in the store's topic. */
  readonly offset: number
}

/**
 * @param waiting deletions of the tenant that are not final in files yet
 * @returns the deletion with its range cut to times that samples can have, or why it cannot be
 */
export function checkDeletion(deletion: SeriesDeletion, waiting: number): Result<SeriesDeletion, Fault> {
  if (waiting >= TOMBSTONES_MAX) {
    const message = `delete: ${waiting} deletions wait to be made final in files`
    return err(fault('too_many', message, { retryAfterSeconds: 60 }))
  }
  const startMs = Math.max(Math.ceil(deletion.startMs), -TIME_MAX_MS)
  const endMs = Math.min(Math.floor(deletion.endMs), TIME_MAX_MS)
  if (deletion.matchers.length === 0) return err(fault('bad_request', 'delete: want at least one matcher, got none'))
  if (!(startMs <= endMs)) {
    return err(fault('bad_request', `delete: want start <= end, got ${deletion.startMs} and ${deletion.endMs}`))
  }
  for (const matcher of deletion.matchers) {
    const compiled = compileMatcher(matcher)
    if (!compiled.ok) return compiled
  }
  return ok({ matchers: deletion.matchers, startMs, endMs })
}

/**
 * A deletion as a record of the log. Payload: JSON `{"matchers": [[name, op, value], …], "startMs", "endMs"}`.
 * @param deletion as `checkDeletion` returned it
 */
export function deletionRecord(tenant: TenantId, deletion: SeriesDeletion, receivedAtMs: number): LogRecord {
  return {
    tenant,
    receiver: 'delete-series',
    format: PAYLOAD_FORMATS.seriesDeletion,
    encoding: PAYLOAD_ENCODINGS.identity,
    receivedAtMs,
    verdict: undefined,
    payload: Buffer.from(
      JSON.stringify({
        matchers: matchersToJson(deletion.matchers),
        startMs: deletion.startMs,
        endMs: deletion.endMs,
      }),
    ),
  }
}

/** Reads what `deletionRecord` wrote. */
export function readDeletion(record: LogRecord): Result<SeriesDeletion, Fault> {
  try {
    const parsed = JSON.parse(Buffer.from(record.payload).toString('utf8')) as Record<string, unknown>
    const matchers = matchersFromJson(parsed['matchers'])
    return checkDeletion({ matchers, startMs: Number(parsed['startMs']), endMs: Number(parsed['endMs']) }, 0)
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof TypeError)) throw error
    return err(fault('bad_request', `delete: the record cannot be read: ${error.message}`))
  }
}

export function matchersToJson(matchers: readonly Matcher[]): [string, string, string][] {
  return matchers.map(({ name, op, value }) => [name, op, value])
}

/** @throws TypeError where it is no list of matchers */
export function matchersFromJson(json: unknown): Matcher[] {
  if (!Array.isArray(json)) throw new TypeError('want a list of matchers')
  return json.map((one: unknown) => {
    if (!Array.isArray(one) || one.length !== 3 || !['=', '!=', '=~', '!~'].includes(String(one[1]))) {
      throw new TypeError('want [name, op, value]')
    }
    return { name: String(one[0]), op: one[1] as MatchOp, value: String(one[2]) }
  })
}

/** What deletions may be missing from: a part, or a generation. */
export interface DeletionScope {
  /** Deletions below this log offset are made final in it, or came before its data. */
  readonly deletedTo: number
  readonly minTimeMs: number
  readonly maxTimeMs: number
}

/** The tombstones that hide something in the scope. */
export function tombstonesOver(tombstones: readonly Tombstone[], scope: DeletionScope): readonly Tombstone[] {
  return tombstones.filter(
    (one) => one.offset >= scope.deletedTo && one.startMs <= scope.maxTimeMs && one.endMs >= scope.minTimeMs,
  )
}

/** The offset below which all given tombstones lie; what is written with them in force carries it. */
export function deletedToOf(tombstones: readonly Tombstone[], toOffset: number): number {
  return tombstones.reduce((newest, one) => Math.max(newest, one.offset + 1), toOffset)
}
