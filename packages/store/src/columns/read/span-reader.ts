import {
  type AnyValue,
  type NsRange,
  type QueryBudget,
  type SpanBlock,
  type SpanColumns,
  type SpanField,
  type SpanReader,
  type SpanScan,
  type TenantId,
  valueText,
} from '@vantage/model'
import { SPANS } from '../rows/column-set.ts'
import type { ColumnView } from '../view.ts'
import { PieceMerge } from './merge-pieces.ts'
import { piecesOf, type RowSource } from './source.ts'
import { fieldValues, type NamedScope, SpanNames } from './span-fields.ts'
import { SpanFilter, wordsOf } from './span-filter.ts'

const EVERYWHEN: NsRange = { startNs: -(2n ** 63n), endNs: 2n ** 63n }
const EVERYTHING: Pick<SpanScan, 'conditions' | 'isAll'> = { conditions: [], isAll: true }

/** Reads spans of hot rows and files through the view of its thread. */
export class ColumnSpanReader implements SpanReader {
  readonly #view: ColumnView

  constructor(view: ColumnView) {
    this.#view = view
  }

  scan(tenant: TenantId, scan: SpanScan, budget: QueryBudget): Generator<SpanBlock> {
    return this.#merge(tenant, scan, scan, budget)
  }

  trace(tenant: TenantId, traceId: Uint8Array, budget: QueryBudget): Generator<SpanBlock> {
    return this.#merge(tenant, EVERYWHEN, { ...EVERYTHING, traceIds: [traceId], direction: 'forward' }, budget)
  }

  attributeNames(
    tenant: TenantId,
    range: NsRange,
    budget: QueryBudget,
  ): { readonly scope: NamedScope; readonly name: string }[] {
    const names = new SpanNames()
    for (const block of this.#merge(tenant, range, { ...EVERYTHING, direction: 'forward' }, budget)) names.add(block)
    return names.all()
  }

  values(tenant: TenantId, field: SpanField, range: NsRange, limit: number, budget: QueryBudget): AnyValue[] {
    const found = new Map<string, AnyValue>()
    if (limit <= 0) return []
    // The newest first: they are what somebody asks for.
    for (const block of this.#merge(tenant, range, { ...EVERYTHING, direction: 'backward' }, budget)) {
      for (const value of fieldValues(block, field)) {
        const key = `${value.kind} ${valueText(value)}`
        if (!found.has(key)) found.set(key, value)
        if (found.size === limit) return [...found.values()]
      }
    }
    return [...found.values()]
  }

  *#merge(
    tenant: TenantId,
    range: NsRange,
    scan: Pick<SpanScan, 'traceIds' | 'conditions' | 'isAll' | 'direction' | 'looksAt'>,
    budget: QueryBudget,
  ): Generator<SpanBlock> {
    const view = this.#view.tenant(tenant)
    if (view === undefined) return
    const { traceIds, direction } = scan
    const words = wordsOf(scan)
    const pieces = piecesOf<SpanColumns>(view.spans.sources(range), {
      range,
      direction,
      filter: new SpanFilter(scan),
      budget,
      look: scan.looksAt,
      mayHold: (source: RowSource<SpanColumns>) =>
        source.mayHoldWords(words) && (traceIds === undefined || traceIds.some((id) => source.mayHoldTrace(id))),
    })
    yield* new PieceMerge(SPANS, pieces, direction, budget).blocks()
  }
}
