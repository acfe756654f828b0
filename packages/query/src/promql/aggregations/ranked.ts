import type { EvaluationContext } from '../evaluate/context.ts'
import { floatsOnly, type Row, withoutEmpty } from '../evaluate/rows.ts'
import { executionFault } from '../language/fault.ts'
import { formatGeneral } from '../language/number.ts'
import type { AggregatePlan } from '../plan/plan.ts'
import { groupingOf } from './grouping.ts'
import { xxhash64 } from './xxhash64.ts'

/** Aggregations that answer with some of their input series, unchanged. */
export type RankedName = 'topk' | 'bottomk' | 'limitk' | 'limit_ratio'

/**
 * @param rows owned; points that are not chosen are taken out of them
 * @param params the parameter at each step
 */
export function aggregateRanked(
  context: EvaluationContext,
  plan: AggregatePlan,
  op: RankedName,
  rows: Row[],
  params: Float64Array,
): Row[] {
  if (op === 'limit_ratio') return limitRatio(context, plan, rows, params)
  requireCounts(params)
  const ignored = () => context.annotations.ignoredInAggregation(op, plan.input.expr)
  // Histograms have no order, but any series is as good as another for limitk.
  const ranked = op === 'limitk' ? rows : floatsOnly(rows, ignored)
  const groups = groupRows(plan, ranked)
  const ranking = op === 'limitk' ? undefined : op === 'topk' ? isLarger : isSmaller
  const isInstant = params.length === 1
  const chosenRows: Row[] = []
  for (const members of groups) {
    const chooser = new Chooser(members, ranking)
    for (let step = 0; step < params.length; step++) {
      context.tick(members.length)
      const places = chooser.choose(step, Math.trunc(params[step] as number))
      // An instant answer keeps the ranking as its order.
      if (isInstant) for (const place of places) chosenRows.push(members[place] as Row)
    }
  }
  return isInstant ? chosenRows : withoutEmpty(ranked)
}

function groupRows(plan: AggregatePlan, rows: readonly Row[]): Row[][] {
  const grouping = groupingOf(plan.grouping, plan.isWithout)
  const groups = new Map<string, Row[]>()
  for (const row of rows) {
    const key = grouping.key(row.labels)
    const members = groups.get(key)
    if (members === undefined) groups.set(key, [row])
    else members.push(row)
  }
  return [...groups.values()]
}

function requireCounts(params: Float64Array): void {
  for (const value of params) {
    if (Number.isNaN(value)) throw executionFault('Parameter value is NaN')
    if (value >= 2 ** 63 || value <= -(2 ** 63)) {
      throw executionFault(`Scalar value ${formatGeneral(value)} ${value > 0 ? 'over' : 'under'}flows int64`)
    }
  }
}

/** Tells whether the first value ranks above the second; NaN is never above a number. */
type Ranking = (a: number, b: number) => boolean

function isLarger(a: number, b: number): boolean {
  return a > b || (Number.isNaN(b) && !Number.isNaN(a))
}

function isSmaller(a: number, b: number): boolean {
  return a < b || (Number.isNaN(b) && !Number.isNaN(a))
}

/** Up to here insertion beats sorting; above it insertion could take the square of the series. */
const INSERTION_MAX = 64

/** Chooses the best points of one step: of equal ones the earlier series. */
class Chooser {
  readonly #members: readonly Row[]
  readonly #ranking: Ranking | undefined
  /** Places of the chosen members, best first. */
  readonly #places: Int32Array
  readonly #values: Float64Array

  /** @param ranking undefined: the first series are as good as any */
  constructor(members: readonly Row[], ranking: Ranking | undefined) {
    this.#members = members
    this.#ranking = ranking
    this.#places = new Int32Array(members.length)
    this.#values = new Float64Array(members.length)
  }

  /** Takes all points but the best `count` out of the step; returns the rest, best first, as places of members. */
  choose(step: number, count: number): Int32Array {
    const max = Math.min(Math.max(0, count), this.#members.length)
    const places = max <= INSERTION_MAX ? this.#insertBest(step, max) : this.#sortBest(step, max)
    for (const place of places) (this.#members[place] as Row).present[step] = 1
    return places
  }

  /** Fast path: a short ranked list, so nearly every value meets its last place only. */
  #insertBest(step: number, max: number): Int32Array {
    let chosen = 0
    for (let place = 0; place < this.#members.length; place++) {
      const { present, values } = this.#members[place] as Row
      if (present[step] === 0) continue
      present[step] = 0
      const value = values[step] as number
      if (chosen === max && (max === 0 || !this.#isAbove(value, this.#values[max - 1] as number))) continue
      if (chosen < max) chosen++
      this.#insert(place, value, chosen - 1)
    }
    return this.#places.subarray(0, chosen)
  }

  #sortBest(step: number, max: number): Int32Array {
    let found = 0
    for (let place = 0; place < this.#members.length; place++) {
      const { present, values } = this.#members[place] as Row
      if (present[step] === 0) continue
      present[step] = 0
      this.#values[place] = values[step] as number
      this.#places[found++] = place
    }
    const values = this.#values
    const places = this.#places.subarray(0, found)
    if (this.#ranking !== undefined) {
      places.sort((a, b) => {
        const x = values[a] as number
        const y = values[b] as number
        return this.#isAbove(x, y) ? -1 : this.#isAbove(y, x) ? 1 : a - b
      })
    }
    return places.subarray(0, max)
  }

  #isAbove(value: number, other: number): boolean {
    return this.#ranking?.(value, other) ?? false
  }

  /** Moves what ranks below one place on; the last place is free or given up. */
  #insert(place: number, value: number, last: number): void {
    let at = last
    while (at > 0 && this.#isAbove(value, this.#values[at - 1] as number)) {
      this.#places[at] = this.#places[at - 1] as number
      this.#values[at] = this.#values[at - 1] as number
      at--
    }
    this.#places[at] = place
    this.#values[at] = value
  }
}

/** Each series has a fixed place in [0, 1); a ratio r keeps those below r, a negative one those from 1 + r on. */
function limitRatio(context: EvaluationContext, plan: AggregatePlan, rows: Row[], params: Float64Array): Row[] {
  const span = plan.param?.expr ?? plan.expr
  for (const value of params) {
    if (Number.isNaN(value)) throw executionFault(`Ratio value is NaN`)
    if (value > 1) context.annotations.invalidRatio(value, 1, span)
    if (value < -1) context.annotations.invalidRatio(value, -1, span)
  }
  for (const row of rows) {
    const place = placeOf(row)
    context.tick(params.length)
    for (let step = 0; step < params.length; step++) {
      const ratio = Math.max(-1, Math.min(1, params[step] as number))
      const isKept = ratio >= 0 ? place < ratio : place >= 1 + ratio
      if (!isKept) row.present[step] = 0
    }
  }
  return withoutEmpty(rows)
}

const encoder = new TextEncoder()
const UINT64_MAX = 2 ** 64 - 1

/**
 * The series' hash as a fraction, the one that Prometheus' default build takes, so that both keep the same series.
 * Source: prometheus/prometheus model/labels/labels_stringlabels.go (encoding) and util/ratiosampler.
 */
function placeOf(row: Row): number {
  const parts = row.labels.map((text) => encoder.encode(text))
  let size = 0
  for (const part of parts) size += part.length + (part.length < 255 ? 1 : 4)
  const bytes = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    if (part.length < 255) bytes[at++] = part.length
    else {
      bytes.set([255, part.length & 255, (part.length >> 8) & 255, (part.length >> 16) & 255], at)
      at += 4
    }
    bytes.set(part, at)
    at += part.length
  }
  return Number(xxhash64(bytes)) / UINT64_MAX
}
