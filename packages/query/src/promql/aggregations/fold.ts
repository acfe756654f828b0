import type { Labels } from '@vantage/model'
import type { EvaluationContext } from '../evaluate/context.ts'
import { ROW_STEP_BYTES, type Row } from '../evaluate/rows.ts'
import { FOLDS, type Fold, type FoldName, type FoldState, newFoldState } from './accumulate.ts'
import { type Grouping, groupingOf } from './grouping.ts'

interface FoldGroup {
  readonly labels: Labels
  dropName: boolean
  readonly state: FoldState
}

/** Folds rows into groups as they come; rows are borrowed, nothing of them is kept. */
export class GroupFolder {
  readonly #context: EvaluationContext
  readonly #fold: Fold
  readonly #grouping: Grouping
  readonly #steps: number
  readonly #groups = new Map<string, FoldGroup>()

  constructor(
    context: EvaluationContext,
    op: FoldName,
    grouping: readonly string[],
    isWithout: boolean,
    steps: number,
  ) {
    this.#context = context
    this.#fold = FOLDS[op]
    this.#grouping = groupingOf(grouping, isWithout)
    this.#steps = steps
  }

  add(labels: Labels, dropName: boolean, values: Float64Array, present: Uint8Array): void {
    const key = this.#grouping.key(labels)
    let group = this.#groups.get(key)
    if (group === undefined) {
      this.#context.budget.chargeBytes(this.#steps * (8 * this.#fold.columnCount + 1))
      const state = newFoldState(this.#fold, this.#steps)
      group = { labels: this.#grouping.labels(labels), dropName, state }
      this.#groups.set(key, group)
    }
    group.dropName ||= dropName
    this.#context.tick(this.#steps)
    this.#fold.add(group.state, values, present)
  }

  /** Adds what another folder of the same aggregation has seen of other series. */
  merge(other: GroupFolder): void {
    for (const [key, from] of other.#groups) {
      const into = this.#groups.get(key)
      if (into === undefined) {
        this.#groups.set(key, from)
        continue
      }
      into.dropName ||= from.dropName
      this.#fold.merge(into.state, from.state)
    }
  }

  /** One row per group, in the order in which groups were met. The folder is spent. */
  finish(): Row[] {
    const rows: Row[] = []
    for (const { labels, dropName, state } of this.#groups.values()) {
      this.#fold.finish(state)
      rows.push({ labels, dropName, values: state.columns[0] as Float64Array, present: state.seen })
    }
    this.#context.budget.chargeBytes(rows.length * ROW_STEP_BYTES)
    return rows
  }
}
