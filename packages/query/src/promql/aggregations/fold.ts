import { type Histogram, type Labels, labelValue, METRIC_NAME } from '@vantage/model'
import type { EvaluationContext } from '../evaluate/context.ts'
import { type Histograms, hasPoints, ROW_STEP_BYTES, type Row } from '../evaluate/rows.ts'
import type { GroupPart } from '../evaluate/share.ts'
import type { AggregatePlan } from '../plan/plan.ts'
import { FOLDS, type Fold, type FoldName, type FoldState, newFoldState } from './accumulate.ts'
import { type Grouping, groupingOf } from './grouping.ts'
import { HistogramFold } from './histogram-fold.ts'

interface FoldGroup {
  readonly labels: Labels
  dropName: boolean
  readonly state: FoldState
  /** Made at the first histogram of the group. */
  histograms: HistogramFold | undefined
}

/** What aggregations make of native histograms; the others leave them out and say so. */
const HISTOGRAM_KINDS: Partial<Record<FoldName, 'sum' | 'mean' | 'counted'>> = {
  sum: 'sum',
  avg: 'mean',
  count: 'counted',
  group: 'counted',
}

/** Folds rows into groups as they come; rows are borrowed, nothing of them is kept. */
export class GroupFolder {
  readonly #context: EvaluationContext
  readonly #plan: AggregatePlan
  readonly #op: FoldName
  readonly #fold: Fold
  readonly #grouping: Grouping
  readonly #steps: number
  readonly #groups = new Map<string, FoldGroup>()

  constructor(context: EvaluationContext, plan: AggregatePlan, op: FoldName, steps: number) {
    this.#context = context
    this.#plan = plan
    this.#op = op
    this.#fold = FOLDS[op]
    this.#grouping = groupingOf(plan.grouping, plan.isWithout)
    this.#steps = steps
  }

  add(
    labels: Labels,
    dropName: boolean,
    values: Float64Array,
    present: Uint8Array,
    histograms: Histograms | undefined,
  ): void {
    const key = this.#grouping.key(labels)
    let group = this.#groups.get(key)
    if (group === undefined) {
      const state = newFoldState(this.#fold, this.#steps)
      group = this.#start(key, this.#grouping.labels(labels), dropName, state)
    }
    group.dropName ||= dropName
    this.#context.tick(this.#steps)
    const isCounted = HISTOGRAM_KINDS[this.#op] === 'counted'
    const floats =
      histograms === undefined || isCounted ? present : this.#foldHistograms(group, labels, present, histograms)
    this.#fold.add(group.state, values, floats)
  }

  #start(key: string, labels: Labels, dropName: boolean, state: FoldState): FoldGroup {
    this.#context.budget.chargeBytes(this.#steps * (8 * this.#fold.columnCount + 1))
    const group: FoldGroup = { labels, dropName, state, histograms: undefined }
    this.#groups.set(key, group)
    return group
  }

  /** Adds what another thread has folded of the same aggregation. */
  merge(part: GroupPart): void {
    const group = this.#groups.get(part.key)
    if (group === undefined) {
      this.#start(part.key, part.labels, part.dropName, part.state)
      return
    }
    group.dropName ||= part.dropName
    this.#context.tick(this.#steps)
    this.#fold.merge(group.state, part.state)
  }

  /** The groups as they are, for another thread to merge: none of them has met a histogram. */
  parts(): GroupPart[] {
    return [...this.#groups].map(([key, { labels, dropName, state }]) => ({ key, labels, dropName, state }))
  }

  /** @returns the steps that have floats */
  #foldHistograms(group: FoldGroup, labels: Labels, present: Uint8Array, histograms: Histograms): Uint8Array {
    const floats = present.slice()
    const { annotations } = this.#context
    const span = this.#plan.input.expr
    const kind = HISTOGRAM_KINDS[this.#op]
    for (let step = 0; step < floats.length; step++) {
      const histogram = histograms[step]
      if (present[step] === 0 || histogram === undefined) continue
      floats[step] = 0
      if (kind === 'sum' || kind === 'mean') this.#accumulate(group, kind, step, histogram, labels)
      else annotations.ignoredInAggregation(this.#op, span)
    }
    return floats
  }

  #accumulate(group: FoldGroup, kind: 'sum' | 'mean', step: number, histogram: Histogram, labels: Labels): void {
    group.histograms ??= new HistogramFold(this.#context, kind, this.#plan.input.expr)
    group.histograms.add(step, histogram, labelValue(labels, METRIC_NAME))
  }

  /** One row per group, in the order in which groups were met; groups without a result are left out. The folder is spent. */
  finish(): Row[] {
    const rows: Row[] = []
    for (const { labels, dropName, state, histograms } of this.#groups.values()) {
      this.#fold.finish(state)
      const values = state.columns[0] as Float64Array
      const row: Row = { labels, dropName, values, present: state.seen, histograms: undefined }
      histograms?.finish(row)
      if (hasPoints(row.present)) rows.push(row)
    }
    this.#context.budget.chargeBytes(rows.length * ROW_STEP_BYTES)
    return rows
  }
}
