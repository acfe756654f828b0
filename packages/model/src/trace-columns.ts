/** In place of a parent's place: there is none, or it is named and not stored. */
export const NO_PARENT_SPAN = -1
export const MISSING_PARENT_SPAN = -2

/** The tree of one trace as columns, by place: what is drawn of it before anything of a span is asked for. */
export interface TraceColumns {
  readonly traceId: string
  /** Of the earliest span, unix ns. */
  readonly startNs: bigint
  readonly count: number
  readonly names: readonly string[]
  readonly services: readonly string[]
  /** 16 hex digits for each place. */
  readonly spanIds: string
  /** Places, or one of the constants above. Never a circle. */
  readonly parents: Int32Array
  /** Ids of parents that are not stored, by the place of their child. */
  readonly missing: ReadonlyMap<number, string>
  /** Places in `services` and `names`. */
  readonly serviceOf: Int32Array
  readonly nameOf: Int32Array
  /** Places in SPAN_KINDS. */
  readonly kinds: Uint8Array
  /** Since the start of the trace. */
  readonly startMs: Float64Array
  readonly durationMs: Float64Array
  /** 1 = failed. */
  readonly isError: Uint8Array
  /** When spans had events, in the order of places. */
  readonly eventPlaces: Int32Array
  readonly eventMs: Float64Array
  /** True where there are more events than these. */
  readonly isEventsCut: boolean
}

/** The id of the span at a place. */
export function spanIdAt(columns: TraceColumns, place: number): string {
  return columns.spanIds.slice(place * 16, place * 16 + 16)
}
