import type { Labels } from './labels.ts'
import type { LogColumns } from './log-batch.ts'
import type { Matcher } from './matcher.ts'
import type { Origin } from './origin.ts'
import type { QueryBudget } from './reader.ts'
import type { TenantId } from './tenant.ts'

/** Half open: [startNs, endNs), unix ns. */
export interface NsRange {
  readonly startNs: bigint
  readonly endNs: bigint
}

/** Where a range may be cut so that several threads read it, about as many rows each. */
export interface RangeCuts {
  /** Of the whole range, about; no fewer than there are. */
  readonly rows: number
  /** Moments within the range, ascending. */
  readonly cutsNs: readonly bigint[]
}

/**
 * What a line must hold (`isWanted`) or must not. Text is compared as UTF-8 bytes, exactly. Beside a pattern the language
 * may name the literals that a match must hold: stores look for those first.
 */
export interface LineFilter {
  readonly text: string
  readonly isWanted: boolean
  /** The text is a regular expression (`compileSearch`), looked for anywhere in the line. */
  readonly isPattern?: boolean
}

/**
 * A hint: what is looked at of the rows that a scan gives, beside times, origins, severity numbers (of spans: duration,
 * kind and status). Everything else of them may come empty. Absent: all is looked at.
 */
export interface RowLook {
  /** Lines, or names of spans: always, never, or where a row has no severity number. */
  readonly line: 'always' | 'never' | 'unless-severe'
  readonly severityText: 'always' | 'never' | 'unless-severe'
  /** Trace, span and parent ids. */
  readonly ids: boolean
  /** The other fields of a row. */
  readonly others: boolean
  /** Attributes of these names (of logs: as `lokiName` writes them); undefined = all. More may come. */
  readonly attributes: readonly string[] | undefined
}

/** Moments that lie `everyNs` apart, one of them at `phaseNs` of unix ns. */
export interface TimeGrid {
  /** > 0 */
  readonly everyNs: bigint
  readonly phaseNs: bigint
}

/**
 * Which rows of columns come before which moments: those at places below `rows[k]` are not later than
 * firstNs + k · everyNs; all are later than firstNs − everyNs, none than firstNs + rows.length · everyNs.
 */
export interface TimeMarks {
  /** Unix ns. */
  readonly firstNs: bigint
  readonly everyNs: bigint
  /** Ascending. */
  readonly rows: Int32Array
}

/** `any`: blocks in whatever order is cheapest, for those who count; the rows of each in the order of their times. */
export type ScanDirection = 'forward' | 'backward' | 'any'

/** Which rows of logs, in which order. Plain data: it may travel between threads. */
export interface LogScan extends NsRange {
  /** Of the stream's labels (`streamLabels` of origin.ts). */
  readonly matchers: readonly Matcher[]
  /** All must hold. A row without a body has the line ''. */
  readonly lineFilters: readonly LineFilter[]
  /** 16 bytes. */
  readonly traceId?: Uint8Array | undefined
  /** 8 bytes. */
  readonly spanId?: Uint8Array | undefined
  /** A hint: rows with another trace id than these 16 bytes are not asked for; those without one are. */
  readonly ownTraceId?: Uint8Array | undefined
  readonly looksAt?: RowLook | undefined
  /**
   * A hint, where the order is `any`: of the times of rows is asked only which moments of this grid they lie between,
   * each moment with what comes before it. Blocks may come with marks in place of times.
   */
  readonly grid?: TimeGrid | undefined
  readonly direction: ScanDirection
}

/**
 * Some rows of a scan. Only valid until the next block is asked for; not to be kept.
 */
export interface LogBlock {
  readonly columns: LogColumns
  /** Places in the columns of the rows that fulfil the scan, in the scan's order. */
  readonly rows: Int32Array
  readonly origins: readonly Origin[]
  /** Of each origin. */
  readonly streams: readonly Labels[]
  /** Set where the columns have no times. */
  readonly marks?: TimeMarks | undefined
}

/** A number for each step of a group: `values[i]` is of (startNs + (i − 1) · stepNs, startNs + i · stepNs]. */
export interface LogCounts {
  readonly labels: Labels
  readonly values: Float64Array
}

/**
 * Reads logs. Synchronous: readers live in query workers, in front of shared memory and local files.
 */
export interface LogReader {
  /**
   * Rows block by block, in the order of their times (equal times: in the order they arrived; backward: that reversed).
   * Whoever has enough stops asking. Charges the budget for each row that it looks at, once.
   */
  scan(tenant: TenantId, scan: LogScan, budget: QueryBudget): Iterable<LogBlock>
  /** Label sets of the streams that may have rows in the range, sorted (`compareLabels`), each once. */
  streams(tenant: TenantId, matcherSets: readonly (readonly Matcher[])[], range: NsRange, budget: QueryBudget): Labels[]
  /** @param runs that are wanted; fewer come where rows are few */
  cuts(tenant: TenantId, range: NsRange, runs: number): RangeCuts
  /**
   * Rows and bytes of lines without reading the rows, by stream labels, severity or both.
   * @param by names of stream labels, or `severity` for the text of the severity; absent labels are left out
   * @param steps of `stepNs`, the first ends at `startNs`; scan's own times bound the rows, not the steps
   */
  count(
    tenant: TenantId,
    scan: LogScan,
    what: 'rows' | 'bytes',
    by: readonly string[],
    grid: { readonly startNs: bigint; readonly stepNs: bigint; readonly steps: number },
    budget: QueryBudget,
  ): LogCounts[]
}
