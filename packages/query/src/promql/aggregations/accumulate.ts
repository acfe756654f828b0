import { kahanCompensation } from '../functions/kahan.ts'
import type { AggregateName } from '../language/aggregates.ts'

/** Aggregations that need no more than a few numbers per group and step. */
export type FoldName = Extract<AggregateName, 'sum' | 'avg' | 'min' | 'max' | 'count' | 'group' | 'stddev' | 'stdvar'>

/**
 * The running state of one group: plain columns over the steps, so that parts of a group can be folded elsewhere,
 * sent over and merged. What the columns hold is each fold's own matter.
 */
export interface FoldState {
  readonly columns: readonly Float64Array[]
  /** 1 at steps that saw a value. */
  readonly seen: Uint8Array
  /** True promises that all steps did. */
  isFull?: boolean
}

/** All functions work on whole rows: `values` and `present` have as many steps as the state. */
export interface Fold {
  readonly columnCount: number
  add(state: FoldState, values: Float64Array, present: Uint8Array): void
  /** Adds what another part of the same group has folded. */
  merge(into: FoldState, from: FoldState): void
  /** Leaves the results in the first column. */
  finish(state: FoldState): void
}

export function newFoldState(fold: Fold, steps: number): FoldState {
  const columns = Array.from({ length: fold.columnCount }, () => new Float64Array(steps))
  return { columns, seen: new Uint8Array(steps) }
}

function column(state: FoldState, index: number): Float64Array {
  return state.columns[index] as Float64Array
}

/**
 * Fast path: a row without gaps. What a sum is rounded by is exact both ways, so that bits agree with
 * `kahanCompensation`. Source: Knuth, TAOCP 2, 4.2.2, theorem B.
 */
function addWhole(sums: Float64Array, compensations: Float64Array, values: Float64Array): void {
  for (let i = 0; i < sums.length; i++) {
    const value = values[i] as number
    const before = sums[i] as number
    const total = before + value
    const added = total - before
    const lost = before - (total - added) + (value - added)
    // Not of infinities.
    compensations[i] = total - total === 0 ? (compensations[i] as number) + lost : 0
    sums[i] = total
  }
}

/** Columns: sum, compensation. */
const sum: Fold = {
  columnCount: 2,
  add(state, values, present) {
    const sums = column(state, 0)
    const compensations = column(state, 1)
    const { seen } = state
    if (state.isFull === true && !present.includes(0)) {
      addWhole(sums, compensations, values)
      return
    }
    for (let i = 0; i < seen.length; i++) {
      if (present[i] === 0) continue
      const value = values[i] as number
      if (seen[i] === 0) {
        seen[i] = 1
        sums[i] = value
        continue
      }
      const before = sums[i] as number
      compensations[i] = kahanCompensation(before, compensations[i] as number, value)
      sums[i] = before + value
    }
    state.isFull = !seen.includes(0)
  },
  merge(into, from) {
    sum.add(into, column(from, 0), from.seen)
    const compensations = column(into, 1)
    const added = column(from, 1)
    for (let i = 0; i < added.length; i++) {
      if (from.seen[i] === 1) compensations[i] = (compensations[i] as number) + (added[i] as number)
    }
  },
  finish(state) {
    const sums = column(state, 0)
    const compensations = column(state, 1)
    for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] as number) + (compensations[i] as number)
  },
}

/**
 * Columns: sum, compensation, count, and the running mean that takes over where the sum would overflow
 * (`isRunning`). Source: prometheus/prometheus promql/engine.go, aggregation, AVG.
 */
const avg: Fold = {
  columnCount: 5,
  add(state, values, present) {
    const { seen } = state
    const [sums, compensations, counts, , isRunning] = meanColumns(state)
    for (let i = 0; i < seen.length; i++) {
      if (present[i] === 0) continue
      const value = values[i] as number
      if (seen[i] === 0) {
        seen[i] = 1
        sums[i] = value
        counts[i] = 1
        continue
      }
      counts[i] = (counts[i] as number) + 1
      const before = sums[i] as number
      const total = before + value
      // Fast path: a sum does.
      if (isRunning[i] === 0 && total !== Infinity && total !== -Infinity) {
        compensations[i] = kahanCompensation(before, compensations[i] as number, value)
        sums[i] = total
      } else {
        addToMean(state, i, value)
      }
    }
  },
  merge(into, from) {
    for (let i = 0; i < into.seen.length; i++) if (from.seen[i] === 1) mergeMean(into, from, i)
  },
  finish(state) {
    const [sums, compensations, counts, means, isRunning] = meanColumns(state)
    for (let i = 0; i < sums.length; i++) {
      const count = counts[i] as number
      const compensation = compensations[i] as number
      sums[i] =
        isRunning[i] === 1 ? (means[i] as number) + compensation : (sums[i] as number) / count + compensation / count
    }
  },
}

type MeanColumns = readonly [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array]

function meanColumns(state: FoldState): MeanColumns {
  return state.columns as unknown as MeanColumns
}

/** Adds a value, which is counted, where the sum would overflow or has. */
function addToMean(state: FoldState, i: number, value: number): void {
  const [sums, compensations, counts, means, isRunning] = meanColumns(state)
  const count = counts[i] as number
  if (isRunning[i] === 0) {
    isRunning[i] = 1
    means[i] = (sums[i] as number) / (count - 1)
    compensations[i] = (compensations[i] as number) / (count - 1)
  }
  const share = (count - 1) / count
  const mean = share * (means[i] as number)
  compensations[i] = kahanCompensation(mean, share * (compensations[i] as number), value / count)
  means[i] = mean + value / count
}

function mergeMean(into: FoldState, from: FoldState, i: number): void {
  const [sums, compensations, counts, means, isRunning] = meanColumns(into)
  const [otherSums, otherCompensations, otherCounts, otherMeans, otherIsRunning] = meanColumns(from)
  const otherCount = otherCounts[i] as number
  if (into.seen[i] === 0) {
    into.seen[i] = 1
    for (let c = 0; c < into.columns.length; c++) column(into, c)[i] = column(from, c)[i] as number
    return
  }
  const count = counts[i] as number
  const total = (sums[i] as number) + (otherSums[i] as number)
  const isBounded = total !== Infinity && total !== -Infinity
  counts[i] = count + otherCount
  if (isRunning[i] === 0 && otherIsRunning[i] === 0 && isBounded) {
    const compensation = kahanCompensation(sums[i] as number, compensations[i] as number, otherSums[i] as number)
    compensations[i] = compensation + (otherCompensations[i] as number)
    sums[i] = total
    return
  }
  const mean = isRunning[i] === 1 ? (means[i] as number) : (sums[i] as number) / count
  const otherMean = otherIsRunning[i] === 1 ? (otherMeans[i] as number) : (otherSums[i] as number) / otherCount
  isRunning[i] = 1
  compensations[i] = 0
  means[i] = mean * (count / (count + otherCount)) + otherMean * (otherCount / (count + otherCount))
}

/** Any value beats NaN. */
const min: Fold = {
  columnCount: 1,
  add(state, values, present) {
    const best = column(state, 0)
    const { seen } = state
    for (let i = 0; i < seen.length; i++) {
      if (present[i] === 0) continue
      const value = values[i] as number
      const before = best[i] as number
      if (seen[i] === 0 || before > value || Number.isNaN(before)) best[i] = value
      seen[i] = 1
    }
  },
  merge: (into, from) => min.add(into, column(from, 0), from.seen),
  finish() {},
}

const max: Fold = {
  columnCount: 1,
  add(state, values, present) {
    const best = column(state, 0)
    const { seen } = state
    for (let i = 0; i < seen.length; i++) {
      if (present[i] === 0) continue
      const value = values[i] as number
      const before = best[i] as number
      if (seen[i] === 0 || before < value || Number.isNaN(before)) best[i] = value
      seen[i] = 1
    }
  },
  merge: (into, from) => max.add(into, column(from, 0), from.seen),
  finish() {},
}

const count: Fold = {
  columnCount: 1,
  add(state, _values, present) {
    const counts = column(state, 0)
    const { seen } = state
    for (let i = 0; i < seen.length; i++) {
      if (present[i] === 0) continue
      counts[i] = (counts[i] as number) + 1
      seen[i] = 1
    }
  },
  merge(into, from) {
    const counts = column(into, 0)
    const added = column(from, 0)
    for (let i = 0; i < counts.length; i++) {
      if (from.seen[i] === 0) continue
      counts[i] = (counts[i] as number) + (added[i] as number)
      into.seen[i] = 1
    }
  },
  finish() {},
}

const group: Fold = {
  columnCount: 1,
  add(state, _values, present) {
    const ones = column(state, 0)
    for (let i = 0; i < ones.length; i++) {
      if (present[i] === 0) continue
      ones[i] = 1
      state.seen[i] = 1
    }
  },
  merge: (into, from) => group.add(into, column(from, 0), from.seen),
  finish() {},
}

/** Columns: sum of squared differences, mean, count (Welford). A first NaN or infinity makes the group NaN. */
const stdvar: Fold = {
  columnCount: 3,
  add(state, values, present) {
    const squares = column(state, 0)
    const means = column(state, 1)
    const counts = column(state, 2)
    const { seen } = state
    for (let i = 0; i < seen.length; i++) {
      if (present[i] === 0) continue
      const value = values[i] as number
      const seenCount = (counts[i] as number) + 1
      counts[i] = seenCount
      if (seen[i] === 0) {
        seen[i] = 1
        means[i] = value
        squares[i] = Number.isFinite(value) ? 0 : Number.NaN
        continue
      }
      const delta = value - (means[i] as number)
      const mean = (means[i] as number) + delta / seenCount
      means[i] = mean
      squares[i] = (squares[i] as number) + delta * (value - mean)
    }
  },
  /** Chan, Golub, LeVeque: "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances". */
  merge(into, from) {
    for (let i = 0; i < into.seen.length; i++) {
      if (from.seen[i] === 0) continue
      const a = into.seen[i] === 0 ? 0 : (column(into, 2)[i] as number)
      const b = column(from, 2)[i] as number
      const meanA = column(into, 1)[i] as number
      const delta = (column(from, 1)[i] as number) - meanA
      into.seen[i] = 1
      column(into, 2)[i] = a + b
      if (a === 0) {
        column(into, 0)[i] = column(from, 0)[i] as number
        column(into, 1)[i] = column(from, 1)[i] as number
        continue
      }
      column(into, 1)[i] = meanA + (delta * b) / (a + b)
      const squares = (column(into, 0)[i] as number) + (column(from, 0)[i] as number)
      column(into, 0)[i] = squares + (delta * delta * a * b) / (a + b)
    }
  },
  finish(state) {
    const squares = column(state, 0)
    const counts = column(state, 2)
    for (let i = 0; i < squares.length; i++) squares[i] = (squares[i] as number) / (counts[i] as number)
  },
}

const stddev: Fold = {
  ...stdvar,
  finish(state) {
    stdvar.finish(state)
    const squares = column(state, 0)
    for (let i = 0; i < squares.length; i++) squares[i] = Math.sqrt(squares[i] as number)
  },
}

export const FOLDS: Readonly<Record<FoldName, Fold>> = { sum, avg, min, max, count, group, stddev, stdvar }
