import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FOLDS, type Fold, type FoldName, newFoldState } from './accumulate.ts'

/** `SEED=` repeats a failed run; fast-check prints it. */
const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) }

type Column = readonly (number | undefined)[]

function foldOf(fold: Fold, rows: readonly Column[], steps: number) {
  const state = newFoldState(fold, steps)
  for (const row of rows) {
    const values = Float64Array.from(row, (value) => value ?? 0)
    const present = Uint8Array.from(row, (value) => (value === undefined ? 0 : 1))
    fold.add(state, values, present)
  }
  return state
}

function resultOf(name: FoldName, values: readonly number[]): number | undefined {
  const fold = FOLDS[name]
  const state = foldOf(
    fold,
    values.map((value) => [value]),
    1,
  )
  fold.finish(state)
  return state.seen[0] === 1 ? state.columns[0]?.[0] : undefined
}

test('results of one group', () => {
  const check = (name: FoldName, values: readonly number[], result: number | undefined) => {
    expect(resultOf(name, values)).toEqual(result)
  }
  check('sum', [], undefined)
  check('sum', [2, 8, 1e100, -1e100], 10)
  check('sum', [Infinity, 2], Infinity)
  check('sum', [Infinity, -Infinity], Number.NaN)
  check('avg', [2, 8, 1e100, -1e100], 2.5)
  check('avg', [1.7e308, 1.7e308], 1.7e308)
  check('avg', Array(12).fill(52), 52)
  check('min', [Number.NaN, 3, 1], 1)
  check('max', [Number.NaN], Number.NaN)
  check('max', [1, Number.NaN, 3], 3)
  check('count', [1, Number.NaN], 2)
  check('group', [7, 8], 1)
  check('stdvar', [1, 3], 1)
  check('stddev', [Infinity, 1], Number.NaN)
})

test('rows without gaps are summed to the bits that value by value would give', () => {
  const value = fc.oneof(
    fc.double(),
    fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    fc.constantFrom(0, 1e308, -1e308, 1e-320),
  )
  fc.assert(
    fc.property(fc.array(value, { minLength: 2, maxLength: 12 }), (values) => {
      const whole = foldOf(
        FOLDS.sum,
        values.map((one) => [one]),
        1,
      )
      // A second step that never has a value keeps the group from being full.
      const gaping = foldOf(
        FOLDS.sum,
        values.map((one) => [one, undefined]),
        2,
      )
      FOLDS.sum.finish(whole)
      FOLDS.sum.finish(gaping)
      expect([whole.isFull, gaping.isFull]).toEqual([true, false])
      expect(whole.columns[0]?.[0]).toBe(gaping.columns[0]?.[0])
    }),
    { ...SEED, numRuns: 2_000 },
  )
})

test('a group folded in two parts and merged comes to the same', () => {
  const names = Object.keys(FOLDS) as FoldName[]
  const steps = 4
  const value = fc.option(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { nil: undefined, freq: 4 })
  const rows = fc.array(fc.array(value, { minLength: steps, maxLength: steps }), { maxLength: 10 })
  fc.assert(
    fc.property(fc.constantFrom(...names), rows, rows, (name, left, right) => {
      const fold = FOLDS[name]
      const whole = foldOf(fold, [...left, ...right], steps)
      const merged = foldOf(fold, left, steps)
      fold.merge(merged, foldOf(fold, right, steps))
      fold.finish(whole)
      fold.finish(merged)
      expect(merged.seen).toEqual(whole.seen)
      for (let i = 0; i < steps; i++) {
        if (whole.seen[i] === 0) continue
        const want = whole.columns[0]?.[i] as number
        const got = merged.columns[0]?.[i] as number
        // Sums of squares lose digits in another order; their scale is that of the values' squares.
        expect(Math.abs(want - got)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(want)) + 1e-3)
      }
    }),
    SEED,
  )
})
