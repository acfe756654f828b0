import { assert, labelsKey } from '@vantage/model'
import type { EvaluationContext } from '../evaluate/context.ts'
import {
  hasPoints,
  labelSetText,
  mergeRows,
  newRow,
  type Row,
  setHistogram,
  withoutMetadata,
} from '../evaluate/rows.ts'
import type { Matching } from '../language/ast.ts'
import { executionFault } from '../language/fault.ts'
import { isComparisonOp, isSetOp, isTrimOp } from '../language/operators.ts'
import type { BinaryPlan } from '../plan/plan.ts'
import { BinaryElement } from './element.ts'
import { groupByMatch, matchLabels, resultLabels } from './matching.ts'
import { arithmeticColumns, compare } from './operators.ts'

/**
 * Arithmetic and comparison between two vectors. Source: prometheus/prometheus promql/engine.go, VectorBinop.
 * @throws FaultError where matching is not unique at a step
 */
export function vectorBinary(
  context: EvaluationContext,
  plan: BinaryPlan,
  left: Row[],
  right: Row[],
  steps: number,
): Row[] {
  return new VectorMatcher(context, plan, left, right, steps).run()
}

class VectorMatcher {
  readonly #context: EvaluationContext
  readonly #plan: BinaryPlan
  readonly #matching: Matching
  /** Sides turned so that `one` is unique per match; `many` equals the left side but for `group_right`. */
  readonly #many: Row[]
  readonly #one: Row[]
  readonly #isSwapped: boolean
  readonly #fillMany: number | undefined
  readonly #fillOne: number | undefined
  readonly #changesMetric: boolean
  readonly #steps: number
  /** Steps at which a side has any value: without one on each side nothing matches, and nothing can clash. */
  readonly #manyAlive: Uint8Array
  readonly #oneAlive: Uint8Array
  readonly #out = new Map<string, Row>()
  readonly #element: BinaryElement

  constructor(context: EvaluationContext, plan: BinaryPlan, left: Row[], right: Row[], steps: number) {
    this.#context = context
    this.#plan = plan
    this.#matching = plan.matching
    this.#isSwapped = plan.matching.card === 'one-to-many'
    this.#many = this.#isSwapped ? right : left
    this.#one = this.#isSwapped ? left : right
    // As upstream, `fill_left` stands in for the "many" side even where `group_right` turned the sides.
    this.#fillMany = plan.matching.fillLeft
    this.#fillOne = plan.matching.fillRight
    this.#changesMetric = !isComparisonOp(plan.op) && !isTrimOp(plan.op)
    this.#element = new BinaryElement(context, plan)
    this.#steps = steps
    this.#manyAlive = alive(this.#many, steps)
    this.#oneAlive = alive(this.#one, steps)
  }

  run(): Row[] {
    const merged: Row[] = []
    for (const group of groupByMatch(this.#many, this.#one, this.#matching)) {
      const many = group.left.map((i) => this.#many[i] as Row)
      const one = group.right.map((i) => this.#one[i] as Row)
      const fast = this.#pair(many, one)
      if (fast !== undefined) merged.push(fast)
      else this.#match(many, one)
    }
    const rows = [...merged, ...this.#out.values()].filter((row) => hasPoints(row.present))
    if (this.#plan.returnsBool) return this.#afterBool(rows)
    return mergeRows(rows)
  }

  #afterBool(rows: Row[]): Row[] {
    for (const row of rows) {
      row.dropName = true
      if (!this.#context.options.delayedNameRemoval) row.labels = withoutMetadata(row.labels)
    }
    return mergeRows(rows)
  }

  /** Fast path: one series of floats on each side and no fill, so nothing can clash. */
  #pair(many: readonly Row[], one: readonly Row[]): Row | undefined {
    const [a] = many
    const [b] = one
    if (many.length !== 1 || one.length !== 1 || a === undefined || b === undefined) return undefined
    if (this.#fillMany !== undefined || this.#fillOne !== undefined) return undefined
    const { op } = this.#plan
    if (a.histograms !== undefined || b.histograms !== undefined || isTrimOp(op)) return undefined
    const labels = resultLabels(a.labels, b.labels, this.#matching, this.#changesMetric)
    const row = newRow(this.#context, labels, false, this.#steps)
    const [left, right] = this.#isSwapped ? [b, a] : [a, b]
    for (let i = 0; i < this.#steps; i++) row.present[i] = (a.present[i] as number) & (b.present[i] as number)
    if (isComparisonOp(op)) {
      for (let i = 0; i < this.#steps; i++) {
        const value = left.values[i] as number
        const holds = compare(op, value, right.values[i] as number)
        row.values[i] = this.#plan.returnsBool ? Number(holds) : value
        if (!holds && !this.#plan.returnsBool) row.present[i] = 0
      }
      return row
    }
    assert(!isSetOp(op), `${op} is evaluated elsewhere`)
    arithmeticColumns(op, left.values, right.values, row.values)
    return row
  }

  /** Slow path: any number of series, checked for uniqueness at each step. */
  #match(many: readonly Row[], one: readonly Row[]): void {
    const hasFill = this.#fillMany !== undefined || this.#fillOne !== undefined
    if ((many.length === 0 || one.length === 0) && !hasFill) {
      this.#requireUnique(one)
      return
    }
    const targets = new Map<Row, Map<Row, Row>>()
    const results = new Set<Row>()
    for (let step = 0; step < this.#steps; step++) {
      if (!hasFill && (this.#manyAlive[step] === 0 || this.#oneAlive[step] === 0)) continue
      this.#context.tick(many.length + one.length)
      const single = this.#singleAt(one, step)
      let isMatched = false
      results.clear()
      for (const row of many) {
        if (row.present[step] === 0) continue
        if (single === undefined && this.#fillOne === undefined) continue
        const other = single ?? this.#filler(row, this.#fillOne as number)
        if (!this.#apply(row, other, step)) continue
        if (isMatched && this.#matching.card === 'one-to-one') {
          throw executionFault(
            'multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)',
          )
        }
        isMatched = true
        this.#put(step, this.#target(targets, row, other), results)
      }
      if (single !== undefined && !isMatched && this.#fillMany !== undefined) {
        const filler = this.#filler(single, this.#fillMany)
        if (this.#apply(filler, single, step)) this.#put(step, this.#target(targets, filler, single), results)
      }
    }
  }

  #requireUnique(one: readonly Row[]): void {
    if (one.length < 2) return
    for (let step = 0; step < this.#steps; step++) {
      this.#context.tick(one.length)
      if (this.#manyAlive[step] === 1) this.#singleAt(one, step)
    }
  }

  /** The only series of the "one" side at a step. */
  #singleAt(one: readonly Row[], step: number): Row | undefined {
    let single: Row | undefined
    for (const row of one) {
      if (row.present[step] === 0) continue
      if (single !== undefined) throw this.#duplicate(single, row)
      single = row
    }
    return single
  }

  #duplicate(a: Row, b: Row): Error {
    const side = this.#isSwapped ? 'left' : 'right'
    const group = labelSetText(matchLabels(a.labels, this.#matching))
    const pair = [labelSetText(a.labels), labelSetText(b.labels)].sort().join(', ')
    return executionFault(
      `found duplicate series for the match group ${group} on the ${side} hand-side of the operation: [${pair}];` +
        'many-to-many matching not allowed: matching labels must be unique on one side',
    )
  }

  readonly #fillers = new Map<Row, Row>()

  /** Stands in for the missing side: the match's labels and the fill value at every step. */
  #filler(present: Row, value: number): Row {
    let filler = this.#fillers.get(present)
    if (filler === undefined) {
      filler = newRow(this.#context, matchLabels(present.labels, this.#matching), false, this.#steps)
      filler.values.fill(value)
      this.#fillers.set(present, filler)
    }
    return filler
  }

  /** The result series of a pair, made at its first use. */
  #target(targets: Map<Row, Map<Row, Row>>, many: Row, one: Row): Row {
    let byOne = targets.get(many)
    if (byOne === undefined) {
      byOne = new Map()
      targets.set(many, byOne)
    }
    let target = byOne.get(one)
    if (target === undefined) {
      const labels = resultLabels(many.labels, one.labels, this.#matching, this.#changesMetric)
      const key = labelsKey(labels)
      target = this.#out.get(key) ?? newRow(this.#context, labels, false, this.#steps)
      this.#out.set(key, target)
      byOne.set(one, target)
    }
    return target
  }

  /** @returns false where the two samples do not go together */
  #apply(many: Row, one: Row, step: number): boolean {
    const [left, right] = this.#isSwapped ? [one, many] : [many, one]
    return this.#element.apply(
      left.values[step] as number,
      left.histograms?.[step],
      right.values[step] as number,
      right.histograms?.[step],
    )
  }

  /** Puts the result of the last `#apply`. */
  #put(step: number, target: Row, results: Set<Row>): void {
    if (this.#matching.card !== 'one-to-one') {
      if (results.has(target)) {
        throw executionFault('multiple matches for labels: grouping labels must ensure unique matches')
      }
      results.add(target)
    }
    const element = this.#element
    const { returnsBool } = this.#plan
    if (!element.holds && !returnsBool) return
    if (target.present[step] === 1) throw executionFault('vector cannot contain metrics with the same labelset')
    target.present[step] = 1
    if (returnsBool) target.values[step] = Number(element.holds)
    else if (element.histogram === undefined) target.values[step] = element.value
    else setHistogram(this.#context, target, step, element.histogram)
  }
}

function alive(rows: readonly Row[], steps: number): Uint8Array {
  const out = new Uint8Array(steps)
  for (const { present } of rows) for (let i = 0; i < steps; i++) if (present[i] === 1) out[i] = 1
  return out
}
