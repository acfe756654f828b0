import type { EvaluationContext } from '../evaluate/context.ts'
import { type Row, withoutEmpty } from '../evaluate/rows.ts'
import { executionFault } from '../language/fault.ts'
import { formatGeneral } from '../language/number.ts'
import { CHECK_EVERY_STEPS } from '../limits.ts'
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
  const groups = groupRows(plan, rows)
  if (op === 'limit_ratio') return limitRatio(context, plan, rows, params)
  requireCounts(params)
  const order = op === 'limitk' ? undefined : op === 'topk' ? largerFirst : smallerFirst
  const isInstant = params.length === 1
  const chosenRows: Row[] = []
  for (const members of groups) {
    for (let step = 0; step < params.length; step++) {
      if (step % CHECK_EVERY_STEPS === 0) context.budget.check()
      const chosen = chooseAt(members, step, Math.trunc(params[step] as number), order)
      // An instant answer keeps the ranking as its order.
      if (isInstant) chosenRows.push(...chosen)
    }
  }
  return isInstant ? chosenRows : withoutEmpty(rows)
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

/** NaN is never better than a number. */
function largerFirst(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b))
  return b - a
}

function smallerFirst(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b))
  return a - b
}

/** Leaves the best `count` points of one step; of equal ones the earlier series. Best first. */
function chooseAt(
  members: readonly Row[],
  step: number,
  count: number,
  order: ((a: number, b: number) => number) | undefined,
): Row[] {
  const candidates = members.filter((row) => row.present[step] === 1)
  if (order !== undefined) {
    candidates.sort((a, b) => {
      const x = a.values[step] as number
      const y = b.values[step] as number
      return x === y ? 0 : order(x, y)
    })
  }
  const chosen = candidates.slice(0, Math.max(0, count))
  for (let i = chosen.length; i < candidates.length; i++) (candidates[i] as Row).present[step] = 0
  return chosen
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
