import type { Labels } from '@vantage/model'
import type { EvaluationContext } from '../evaluate/context.ts'
import { floatsOnly, type Histograms, type Row, withoutEmpty } from '../evaluate/rows.ts'
import { executionFault } from '../language/fault.ts'
import { formatGeneral } from '../language/number.ts'
import type { AggregatePlan } from '../plan/plan.ts'
import { type Grouping, groupingOf } from './grouping.ts'
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
  const counts = Int32Array.from(params, (count) => Math.min(Math.max(0, Math.trunc(count)), ranked.length))
  const ranking = RANKINGS[op]
  const best = counts.some((count) => count > INSERTION_MAX) ? undefined : new BestRanks(context, counts)
  const isInstant = params.length === 1
  const chosenRows: Row[] = []
  for (const members of groupRows(plan, ranked)) {
    const places =
      best === undefined ? sortBest(context, members, ranking, counts) : chooseBest(context, members, ranking, best)
    // An instant answer keeps the ranking as its order.
    if (isInstant) for (const place of places) chosenRows.push(members[place] as Row)
  }
  return isInstant ? chosenRows : withoutEmpty(ranked)
}

/**
 * Tells of series, one after the other, which of them `topk` and `bottomk` may choose: the others need not be kept. Most
 * are worse than those before them at every step.
 */
export class RankFilter {
  readonly #context: EvaluationContext
  readonly #ranking: Ranking
  readonly #counts: Int32Array
  readonly #grouping: Grouping
  readonly #groups = new Map<string, BestRanks>()

  /** @returns undefined where it cannot tell, or not cheaply */
  static of(context: EvaluationContext, plan: AggregatePlan, steps: number): RankFilter | undefined {
    const { op, param } = plan
    // The order of an instant answer tells which group came first, and its rows are small.
    if ((op !== 'topk' && op !== 'bottomk') || param?.kind !== 'number' || steps === 1) return undefined
    if (!(param.value >= 1 && param.value < INSERTION_MAX + 1)) return undefined
    return new RankFilter(context, plan, RANKINGS[op], new Int32Array(steps).fill(param.value))
  }

  private constructor(context: EvaluationContext, plan: AggregatePlan, ranking: Ranking, counts: Int32Array) {
    this.#context = context
    this.#ranking = ranking
    this.#counts = counts
    this.#grouping = groupingOf(plan.grouping, plan.isWithout)
  }

  /** False promises that at every step as many better ones came before; series as good as the last of them are wanted. */
  wants(labels: Labels, values: Float64Array, present: Uint8Array, histograms: Histograms | undefined): boolean {
    // They are left out, and it is said that they are.
    if (histograms !== undefined) return true
    const key = this.#grouping.key(labels)
    let best = this.#groups.get(key)
    if (best === undefined) {
      best = new BestRanks(this.#context, this.#counts)
      this.#groups.set(key, best)
    }
    this.#context.tick(values.length)
    const ranking = this.#ranking
    const { limits } = best
    let isWanted = false
    for (let step = 0; step < limits.length; step++) {
      if (present[step] === 0) continue
      const rank = (values[step] as number) * ranking
      if (rank < (limits[step] as number)) continue
      isWanted = true
      best.insert(0, step, rank)
    }
    return isWanted
  }
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

/** What ranks first: larger values, smaller ones, or whatever comes first. Values times this are ranks. */
type Ranking = 1 | -1 | 0

const RANKINGS = { topk: 1, bottomk: -1, limitk: 0 } as const

/** Up to here insertion beats sorting; above it insertion could take the square of the series. */
const INSERTION_MAX = 64

/** The best of each step so far, best first: of equal ones the earlier, NaN behind all numbers. */
class BestRanks {
  /** The rank of a full list's last place; NaN while there is room, and where the last one is NaN. */
  readonly limits: Float64Array
  /** Of each step, how many are wanted at most; and the largest of them. */
  readonly #counts: Int32Array
  readonly #width: number
  readonly #places: Int32Array
  readonly #ranks: Float64Array
  readonly #found: Int32Array

  constructor(context: EvaluationContext, counts: Int32Array) {
    const steps = counts.length
    this.#counts = counts
    this.#width = counts.reduce((most, count) => Math.max(most, count), 0)
    context.budget.chargeBytes(steps * (this.#width + 1) * 12)
    this.#places = new Int32Array(steps * this.#width)
    this.#ranks = new Float64Array(steps * this.#width)
    this.#found = new Int32Array(steps)
    this.limits = new Float64Array(steps).fill(Number.NaN)
  }

  clear(): void {
    this.#found.fill(0)
    this.limits.fill(Number.NaN)
  }

  /** Those of one step. */
  placesAt(step: number): Int32Array {
    const from = step * this.#width
    return this.#places.subarray(from, from + (this.#found[step] as number))
  }

  /** Moves what ranks below one place on; the last one of a full list is given up. */
  insert(place: number, step: number, rank: number): void {
    const count = this.#counts[step] as number
    const found = this.#found[step] as number
    const from = step * this.#width
    let at = from + found
    if (found === count) {
      if (count === 0 || !isAbove(rank, this.#ranks[at - 1] as number)) return
      at--
    } else {
      this.#found[step] = found + 1
    }
    for (; at > from && isAbove(rank, this.#ranks[at - 1] as number); at--) {
      this.#places[at] = this.#places[at - 1] as number
      this.#ranks[at] = this.#ranks[at - 1] as number
    }
    this.#places[at] = place
    this.#ranks[at] = rank
    if ((this.#found[step] as number) === count) this.limits[step] = this.#ranks[from + count - 1] as number
  }
}

/**
 * Takes all points but the best out of the rows, one row after the other: each is read as it lies.
 * @returns those of the last step, best first, as places of members
 */
function chooseBest(
  context: EvaluationContext,
  members: readonly Row[],
  ranking: Ranking,
  best: BestRanks,
): Int32Array {
  best.clear()
  for (let place = 0; place < members.length; place++) {
    const { values, present } = members[place] as Row
    context.tick(values.length)
    offerAll(place, values, present, ranking, best)
  }
  let places: Int32Array = new Int32Array(0)
  for (let step = 0; step < best.limits.length; step++) {
    places = best.placesAt(step)
    for (const place of places) (members[place] as Row).present[step] = 1
  }
  return places
}

/** Hot: nearly every value is no better than the last of its step's list. */
function offerAll(place: number, values: Float64Array, present: Uint8Array, ranking: Ranking, best: BestRanks): void {
  const { limits } = best
  for (let step = 0; step < limits.length; step++) {
    if (present[step] === 0) continue
    present[step] = 0
    const rank = ranking === 0 ? 0 : (values[step] as number) * ranking
    if (rank <= (limits[step] as number)) continue
    best.insert(place, step, rank)
  }
}

/** The same by sorting each step. */
function sortBest(
  context: EvaluationContext,
  members: readonly Row[],
  ranking: Ranking,
  counts: Int32Array,
): Int32Array {
  const places = new Int32Array(members.length)
  const ranks = new Float64Array(members.length)
  let best = places
  for (const [step, count] of counts.entries()) {
    context.tick(members.length)
    let found = 0
    for (let place = 0; place < members.length; place++) {
      const { present, values } = members[place] as Row
      if (present[step] === 0) continue
      present[step] = 0
      ranks[place] = ranking === 0 ? 0 : (values[step] as number) * ranking
      places[found++] = place
    }
    best = places.subarray(0, found)
    best.sort((a, b) => {
      const x = ranks[a] as number
      const y = ranks[b] as number
      return isAbove(x, y) ? -1 : isAbove(y, x) ? 1 : a - b
    })
    best = best.subarray(0, count)
    for (const place of best) (members[place] as Row).present[step] = 1
  }
  return best
}

/** NaN is never above a number. */
function isAbove(rank: number, other: number): boolean {
  return rank > other || (Number.isNaN(other) && !Number.isNaN(rank))
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
