import { compareLabels, type Labels, labelsFrom, labelsKey, labelValue } from '@vantage/model'
import { executionFault } from '../language/fault.ts'
import type { BinaryOp, BinaryOperation, Matching } from '../language/plan.ts'
import { calculate, compare, isComparison, isSetOp } from './operators.ts'
import { emptySeries, hasPoints, projected, type StepSeries, type StepValue } from './vector.ts'

const DEFAULT_MATCHING: Matching = { isOn: false, names: [], cardinality: 'one-to-one', include: [] }

/** One operation on two sides that have been worked out. */
export function evaluateBinary(plan: BinaryOperation, left: StepValue, right: StepValue, steps: number): StepValue {
  const { op, isBool } = plan
  if (left.kind === 'scalar' && right.kind === 'scalar') {
    return { kind: 'scalar', value: scalarResult(op, left.value, right.value) }
  }
  if (left.kind === 'scalar' || right.kind === 'scalar') {
    const series = left.kind === 'series' ? left.series : (right as { series: readonly StepSeries[] }).series
    const scalar = left.kind === 'scalar' ? left.value : (right as { value: number }).value
    const isLeft = left.kind === 'scalar'
    return {
      kind: 'series',
      series: series.map((one) => withScalar(op, isBool, one, scalar, isLeft)).filter(hasPoints),
    }
  }
  const matching = plan.matching ?? DEFAULT_MATCHING
  const series = isSetOp(op)
    ? setOperation(op, left.series, right.series, matching, steps)
    : new VectorOperation(op, isBool, matching, steps).run(left.series, right.series)
  return { kind: 'series', series }
}

function scalarResult(op: BinaryOp, a: number, b: number): number {
  if (isComparison(op)) return compare(op, a, b) ? 1 : 0
  return isSetOp(op) ? Number.NaN : calculate(op, a, b)
}

/** Comparisons keep the value of the series, on whichever side it stands. */
function withScalar(op: BinaryOp, isBool: boolean, series: StepSeries, scalar: number, isLeft: boolean): StepSeries {
  const { labels, values, present } = series
  const out = emptySeries(labels, values.length)
  for (let i = 0; i < values.length; i++) {
    if (present[i] === 0) continue
    const value = values[i] as number
    const [a, b] = isLeft ? [scalar, value] : [value, scalar]
    if (!isComparison(op)) {
      out.present[i] = 1
      out.values[i] = isSetOp(op) ? Number.NaN : calculate(op, a, b)
      continue
    }
    const holds = compare(op, a, b)
    if (!holds && !isBool) continue
    out.present[i] = 1
    out.values[i] = isBool ? Number(holds) : value
  }
  return out
}

function matchKey(labels: Labels, { isOn, names }: Matching): string {
  return labelsKey(projected(labels, names, !isOn))
}

function byKey(series: readonly StepSeries[], matching: Matching): Map<string, StepSeries[]> {
  const groups = new Map<string, StepSeries[]>()
  for (const one of series) {
    const key = matchKey(one.labels, matching)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [one])
    else group.push(one)
  }
  return groups
}

/** Steps at which any of the series is there. */
function presence(series: readonly StepSeries[] | undefined, steps: number): Uint8Array {
  const any = new Uint8Array(steps)
  for (const { present } of series ?? [])
    for (let i = 0; i < steps; i++) any[i] = (any[i] as number) | (present[i] as number)
  return any
}

function setOperation(
  op: 'and' | 'or' | 'unless',
  left: readonly StepSeries[],
  right: readonly StepSeries[],
  matching: Matching,
  steps: number,
): StepSeries[] {
  const others = byKey(op === 'or' ? left : right, matching)
  const masked = (one: StepSeries, isWanted: 0 | 1): StepSeries => {
    const mask = presence(others.get(matchKey(one.labels, matching)), steps)
    const present = one.present.map((is, i) => (is === 1 && mask[i] === isWanted ? 1 : 0))
    return { ...one, present }
  }
  if (op !== 'or') return left.map((one) => masked(one, op === 'and' ? 1 : 0)).filter(hasPoints)
  const added = right.map((one) => masked(one, 0)).filter(hasPoints)
  return merged([...left, ...added], steps)
}

/** Series with the same labels become one; where both have a point the first counts. */
function merged(series: readonly StepSeries[], steps: number): StepSeries[] {
  const out = new Map<string, StepSeries>()
  for (const one of series) {
    const key = labelsKey(one.labels)
    const known = out.get(key)
    if (known === undefined) {
      out.set(key, one)
      continue
    }
    const both = emptySeries(one.labels, steps)
    for (let i = 0; i < steps; i++) {
      const from = known.present[i] === 1 ? known : one
      both.present[i] = from.present[i] as number
      both.values[i] = from.values[i] as number
    }
    out.set(key, both)
  }
  return [...out.values()].sort((a, b) => compareLabels(a.labels, b.labels))
}

/** Arithmetic and comparisons between series. Sides are called by how many series a match may have there. */
class VectorOperation {
  readonly #op: BinaryOp
  readonly #isBool: boolean
  readonly #matching: Matching
  readonly #steps: number
  readonly #out = new Map<string, StepSeries>()

  constructor(op: BinaryOp, isBool: boolean, matching: Matching, steps: number) {
    this.#op = op
    this.#isBool = isBool
    this.#matching = matching
    this.#steps = steps
  }

  run(left: readonly StepSeries[], right: readonly StepSeries[]): StepSeries[] {
    const isSwapped = this.#matching.cardinality === 'one-to-many'
    const [many, one] = isSwapped ? [right, left] : [left, right]
    const ones = byKey(one, this.#matching)
    for (const group of ones.values()) this.#refuseOverlap(group, isSwapped ? 'left' : 'right')
    if (this.#matching.cardinality === 'one-to-one') {
      for (const [key, group] of byKey(many, this.#matching)) this.#refuseMany(group, ones.get(key))
    }
    for (const series of many) {
      for (const other of ones.get(matchKey(series.labels, this.#matching)) ?? []) this.#pair(series, other, isSwapped)
    }
    return [...this.#out.values()].filter(hasPoints).sort((a, b) => compareLabels(a.labels, b.labels))
  }

  /** Two series of a group may not have points at one step. */
  #overlaps(group: readonly StepSeries[], alsoAt: Uint8Array | undefined): boolean {
    if (group.length < 2) return false
    for (let i = 0; i < this.#steps; i++) {
      if (alsoAt !== undefined && alsoAt[i] === 0) continue
      let count = 0
      for (const { present } of group) count += present[i] as number
      if (count > 1) return true
    }
    return false
  }

  #refuseOverlap(group: readonly StepSeries[], side: 'left' | 'right'): void {
    if (!this.#overlaps(group, undefined)) return
    throw executionFault(
      `found duplicate series on the ${side} hand-side;many-to-many matching not allowed: matching labels must be unique on one side`,
    )
  }

  #refuseMany(group: readonly StepSeries[], others: readonly StepSeries[] | undefined): void {
    if (others === undefined || !this.#overlaps(group, presence(others, this.#steps))) return
    throw executionFault('multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)')
  }

  #pair(many: StepSeries, one: StepSeries, isSwapped: boolean): void {
    const labels = this.#labels(many.labels, one.labels)
    const key = labelsKey(labels)
    const out = this.#out.get(key) ?? emptySeries(labels, this.#steps)
    this.#out.set(key, out)
    const [left, right] = isSwapped ? [one, many] : [many, one]
    for (let i = 0; i < this.#steps; i++) {
      if (left.present[i] === 0 || right.present[i] === 0) continue
      const value = this.#value(left.values[i] as number, right.values[i] as number)
      if (value === undefined) continue
      if (out.present[i] === 1) {
        throw executionFault('multiple matches for labels: grouping labels must ensure unique matches')
      }
      out.present[i] = 1
      out.values[i] = value
    }
  }

  /** Undefined where a comparison does not hold. */
  #value(a: number, b: number): number | undefined {
    const op = this.#op
    if (isSetOp(op)) return undefined
    if (!isComparison(op)) return calculate(op, a, b)
    const holds = compare(op, a, b)
    if (this.#isBool) return Number(holds)
    return holds ? a : undefined
  }

  #labels(many: Labels, one: Labels): Labels {
    const { isOn, names, cardinality, include } = this.#matching
    if (cardinality === 'one-to-one') return projected(many, names, !isOn)
    if (include.length === 0) return many
    const pairs: [string, string][] = []
    for (let i = 0; i < many.length; i += 2) {
      if (!include.includes(many[i] as string)) pairs.push([many[i] as string, many[i + 1] as string])
    }
    for (const name of include) pairs.push([name, labelValue(one, name)])
    return labelsFrom(pairs)
  }
}
