import type { AnyValue } from './attributes.ts'
import type { NsRange, RowLook, ScanDirection } from './log-reader.ts'
import type { Origin } from './origin.ts'
import type { QueryBudget } from './reader.ts'
import type { SpanColumns } from './span-batch.ts'
import type { TenantId } from './tenant.ts'

/** Where a condition looks. `any`: span, then resource attributes. */
export type SpanField =
  | { readonly scope: 'intrinsic'; readonly name: 'name' | 'kind' | 'status' | 'duration' | 'statusMessage' }
  | { readonly scope: 'any' | 'span' | 'resource' | 'instrumentation' | 'event' | 'link'; readonly name: string }

/** `exists` has no value. Kinds and statuses are their texts, durations int ns. */
export interface SpanCondition {
  readonly field: SpanField
  readonly op: '=' | '!=' | '<' | '<=' | '>' | '>=' | '=~' | '!~' | 'exists'
  readonly value: AnyValue
}

/** Which spans. Plain data: it may travel between threads. */
export interface SpanScan extends NsRange {
  /** Only these traces, 16 bytes each. */
  readonly traceIds?: readonly Uint8Array[] | undefined
  /**
   * Hints: a reader leaves out spans that fulfil none of them (`isAll`: not all of them), as far as it can tell
   * cheaply; who asks tests again. Empty = every span.
   */
  readonly conditions: readonly SpanCondition[]
  readonly isAll: boolean
  readonly looksAt?: RowLook | undefined
  /** By start time of the span. */
  readonly direction: ScanDirection
}

/** Some spans of a scan, valid until the next block is asked for. Ranges of columns are of their own `bytes`. */
export interface SpanBlock {
  readonly columns: SpanColumns
  /** Places in the columns, in the scan's order. */
  readonly rows: Int32Array
  readonly origins: readonly Origin[]
}

/** Reads spans. Synchronous, as `LogReader`. The range of a scan is that of the spans' start times. */
export interface SpanReader {
  scan(tenant: TenantId, scan: SpanScan, budget: QueryBudget): Iterable<SpanBlock>
  /** All spans of a trace that are stored, whenever they began, in no order. */
  trace(tenant: TenantId, traceId: Uint8Array, budget: QueryBudget): Iterable<SpanBlock>
  /** Names of attributes in the range, sorted, each once, with where they occur. */
  attributeNames(
    tenant: TenantId,
    range: NsRange,
    budget: QueryBudget,
  ): { readonly scope: 'span' | 'resource' | 'instrumentation' | 'event' | 'link'; readonly name: string }[]
  /** Values of a field in the range, each once, at most `limit`. */
  values(tenant: TenantId, field: SpanField, range: NsRange, limit: number, budget: QueryBudget): AnyValue[]
}
