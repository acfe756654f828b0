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
  const ranking = op === 'limitk' ? 0 : op === 'topk' ? 1 : -1
  const counts = Int32Array.from(params, (count) => Math.min(Math.max(0, Math.trunc(count)), ranked.length))
  const chooser = new Chooser(context, ranking, counts)
  const isInstant = params.length === 1
  const chosenRows: Row[] = []
  for (const members of groupRows(plan, ranked)) {
    const places = chooser.choose(members)
    // An instant answer keeps the ranking as its order.
    if (isInstant) for (const place of places) chosenRows.push(members[place] as Row)
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

/** What ranks first: larger values, smaller ones, or whatever comes first. */
type Ranking = 1 | -1 | 0

/** Up to here insertion beats sorting; above it insertion could take the square of the series. */
const INSERTION_MAX = 64

/**
 * Chooses the best points of each step: of equal ones the earlier series, NaN behind all numbers. Takes one series after
 * the other, so that each is read as it lies.
 */
class Chooser {
  readonly #context: EvaluationContext
  readonly #ranking: Ranking
  /** Of each step, how many are chosen at most; and the largest of them. */
  readonly #counts: Int32Array
  readonly #width: number
  /** Of each step its best so far, best first: places of members, and their values, negative where small ones rank first. */
  readonly #places: Int32Array
  readonly #ranks: Float64Array
  readonly #found: Int32Array
  /** The rank of a full list's last place; NaN while there is room, and where the last one is NaN. */
  readonly #limits: Float64Array

  constructor(context: EvaluationContext, ranking: Ranking, counts: Int32Array) {
    const steps = counts.length
    this.#context = context
    this.#ranking = ranking
    this.#counts = counts
    this.#width = counts.reduce((most, count) => Math.max(most, count), 0)
    const size = this.#width > INSERTION_MAX ? 0 : steps * this.#width
    context.budget.chargeBytes(size * 12 + steps * 12)
    this.#places = new Int32Array(size)
    this.#ranks = new Float64Array(size)
    this.#found = new Int32Array(steps)
    this.#limits = new Float64Array(steps)
  }

  /** Takes all points but the best out of the rows; returns those of the last step, best first, as places of members. */
  choose(members: readonly Row[]): Int32Array {
    if (this.#width > INSERTION_MAX) return this.#sortBest(members)
    this.#found.fill(0)
    this.#limits.fill(Number.NaN)
    for (let place = 0; place < members.length; place++) {
      this.#context.tick(this.#found.length)
      const { values, present } = members[place] as Row
      this.#offer(place, values, present)
    }
    const last = this.#found.length - 1
    for (let step = 0; step <= last; step++) {
      const from = step * this.#width
      for (let i = from; i < from + (this.#found[step] as number); i++) {
        const { present } = members[this.#places[i] as number] as Row
        present[step] = 1
      }
    }
    return this.#places.subarray(last * this.#width, last * this.#width + (this.#found[last] as number))
  }

  /** Hot: nearly every value is no better than the last of its step's list. */
  #offer(place: number, values: Float64Array, present: Uint8Array): void {
    const ranking = this.#ranking
    const limits = this.#limits
    for (let step = 0; step < limits.length; step++) {
      if (present[step] === 0) continue
      present[step] = 0
      const rank = ranking === 0 ? 0 : (values[step] as number) * ranking
      if (rank <= (limits[step] as number)) continue
      this.#insert(place, step, rank)
    }
  }

  /** Moves what ranks below one place on; the last one of a full list is given up. */
  #insert(place: number, step: number, rank: number): void {
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
    if ((this.#found[step] as number) === count) this.#limits[step] = this.#ranks[from + count - 1] as number
  }

  #sortBest(members: readonly Row[]): Int32Array {
    const places = new Int32Array(members.length)
    const ranks = new Float64Array(members.length)
    let best = places
    for (const [step, count] of this.#counts.entries()) {
      this.#context.tick(members.length)
      let found = 0
      for (let place = 0; place < members.length; place++) {
        const { present, values } = members[place] as Row
        if (present[step] === 0) continue
        present[step] = 0
        ranks[place] = this.#ranking === 0 ? 0 : (values[step] as number) * this.#ranking
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
