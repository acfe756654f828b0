import {
  type CompiledMatcher,
  compileMatcher,
  FaultError,
  type Labels,
  type LogColumns,
  type LogScan,
  labelValue,
  type Matcher,
  type Origin,
} from '@vantage/model'
import type { ColumnSet } from '../rows/column-set.ts'
import { filterLines, type LineNeedle, lineNeedles } from './line-filter.ts'
import type { RowFilter } from './piece.ts'
import { filterId, filterIdOrNone } from './row-ids.ts'
import type { ScanPart } from './scan-part.ts'
import type { StreamBook } from './stream-book.ts'
import { namesTrace } from './trace-owners.ts'

/** @throws FaultError where a regular expression is none */
export function compileMatchers(matchers: readonly Matcher[]): CompiledMatcher[] {
  return matchers.map((matcher) => {
    const compiled = compileMatcher(matcher)
    if (!compiled.ok) throw new FaultError(compiled.error)
    return compiled.value
  })
}

export function matchesAll(matchers: readonly CompiledMatcher[], labels: Labels): boolean {
  return matchers.every((one) => one.matches(labelValue(labels, one.matcher.name)))
}

const NEAR_ROWS = 512

/** Tests rows of logs against a scan: streams by origin, ids, lines last. */
export class LogFilter implements RowFilter<LogColumns> {
  readonly parts: readonly ScanPart[]
  readonly #scan: LogScan
  readonly #matchers: readonly CompiledMatcher[]
  readonly #needles: readonly LineNeedle[]
  readonly #streams: StreamBook
  /** For each origin of a list: 0 = not looked at, 1 = wanted, 2 = not. */
  readonly #verdicts = new Map<readonly Origin[], Uint8Array>()

  constructor(scan: LogScan, streams: StreamBook) {
    this.#scan = scan
    this.#matchers = compileMatchers(scan.matchers)
    this.#needles = lineNeedles(scan.lineFilters)
    this.#streams = streams
    const needsIds = [scan.traceId, scan.spanId, scan.ownTraceId].some((id) => id !== undefined)
    this.parts = [...(needsIds ? ['ids' as const] : []), ...(this.#needles.length > 0 ? ['line' as const] : [])]
  }

  mayHold(origins: readonly Origin[], places: readonly number[] | undefined): boolean {
    if (this.#matchers.length === 0) return true
    const verdicts = this.#verdictsOf(origins)
    if (places !== undefined) return places.some((origin) => this.#isWanted(origins, verdicts, origin))
    return origins.some((_, origin) => this.#isWanted(origins, verdicts, origin))
  }

  select(
    columns: LogColumns,
    set: ColumnSet,
    origins: readonly Origin[],
    all: Int32Array,
    places: readonly number[] | undefined,
  ): Int32Array {
    // Fast path: streams are all that is asked for, and all of them are wanted.
    const wantsStreams = this.#matchers.length === 0 || this.#wantsAll(origins, places)
    if (wantsStreams && this.parts.length === 0) return all
    const rows = all.slice()
    let count = rows.length
    if (!wantsStreams) count = this.#filterOrigins(set.origins, origins, rows, count)
    const { traceId, spanId, ownTraceId } = this.#scan
    if (traceId !== undefined) count = filterId(columns.traceIds, traceId, rows, count)
    if (spanId !== undefined) count = filterId(columns.spanIds, spanId, rows, count)
    if (ownTraceId !== undefined && !origins.some(namesTrace)) {
      count = filterIdOrNone(columns.traceIds, ownTraceId, rows, count)
    }
    if (this.#needles.length > 0) count = this.#filterLines(columns, rows, count)
    return rows.subarray(0, count)
  }

  /** Some rows at a time, so that their lines are still near by when the next needle is looked for. */
  #filterLines(columns: LogColumns, rows: Int32Array, count: number): number {
    let kept = 0
    for (let from = 0; from < count; from += NEAR_ROWS) {
      const some = rows.subarray(from, Math.min(count, from + NEAR_ROWS))
      let left = some.length
      for (let i = 0; i < this.#needles.length && left > 0; i++) {
        left = filterLines(columns, this.#needles[i] as LineNeedle, some, left)
      }
      rows.set(some.subarray(0, left), kept)
      kept += left
    }
    return kept
  }

  #wantsAll(origins: readonly Origin[], places: readonly number[] | undefined): boolean {
    if (places === undefined) return false
    const verdicts = this.#verdictsOf(origins)
    return places.every((origin) => this.#isWanted(origins, verdicts, origin))
  }

  #filterOrigins(places: Int32Array, origins: readonly Origin[], rows: Int32Array, count: number): number {
    const verdicts = this.#verdictsOf(origins)
    let kept = 0
    for (let i = 0; i < count; i++) {
      const row = rows[i] as number
      const origin = places[row] as number
      const verdict = verdicts[origin] as number
      if (verdict === 1 || (verdict === 0 && this.#isWanted(origins, verdicts, origin))) rows[kept++] = row
    }
    return kept
  }

  #isWanted(origins: readonly Origin[], verdicts: Uint8Array, origin: number): boolean {
    const known = verdicts[origin] as number
    if (known !== 0) return known === 1
    const isWanted = matchesAll(this.#matchers, this.#streams.of(origins, origin))
    verdicts[origin] = isWanted ? 1 : 2
    return isWanted
  }

  #verdictsOf(origins: readonly Origin[]): Uint8Array {
    let verdicts = this.#verdicts.get(origins)
    if (verdicts === undefined || verdicts.length < origins.length) {
      verdicts = new Uint8Array(Math.max(16, origins.length * 2))
      this.#verdicts.set(origins, verdicts)
    }
    return verdicts
  }
}
