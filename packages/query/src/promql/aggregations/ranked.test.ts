import { seededRandom, testSeed, unlimitedBudget } from '@vantage/model/testing'
import { expect, test } from 'vitest'
import type { EvaluationContext } from '../evaluate/context.ts'
import type { Row } from '../evaluate/rows.ts'
import type { AggregatePlan } from '../plan/plan.ts'
import { aggregateRanked, RankFilter } from './ranked.ts'

const ROUNDS = 200
const VALUES = [0, -0, 1, 1, 2, -3, 7.5, Infinity, -Infinity, Number.NaN]

const context = { tick: () => {}, budget: unlimitedBudget } as unknown as EvaluationContext
const plan = { grouping: ['group'], isWithout: false } as unknown as AggregatePlan

function someRows(random: () => number, steps: number): Row[] {
  return Array.from({ length: Math.floor(random() * 90) }, (_, i) => ({
    labels: ['group', String(i % 2), 'i', String(i)],
    dropName: false,
    values: Float64Array.from({ length: steps }, () => VALUES[Math.floor(random() * VALUES.length)] as number),
    present: Uint8Array.from({ length: steps }, () => (random() < 0.8 ? 1 : 0)),
    histograms: undefined,
  }))
}

/** Of each step, `series value` of the points that are there. */
function pointsOf(rows: readonly Row[], steps: number): string[][] {
  return Array.from({ length: steps }, (_, step) =>
    rows.filter((row) => row.present[step] === 1).map((row) => `${row.labels[3]} ${row.values[step]}`),
  )
}

/** The members to keep at a step, best first: of equal ones the earlier, NaN last. */
function best(op: string, members: readonly Row[], step: number, count: number): Row[] {
  const there = members.filter((row) => row.present[step] === 1)
  if (op === 'limitk') return there.slice(0, count)
  const sign = op === 'topk' ? -1 : 1
  const rank = (row: Row) =>
    Number.isNaN(row.values[step]) ? Infinity : Math.fround(sign * (row.values[step] as number))
  const isNaNRow = (row: Row) => Number(Number.isNaN(row.values[step]))
  return there
    .toSorted((a, b) => isNaNRow(a) - isNaNRow(b) || (rank(a) === rank(b) ? 0 : rank(a) - rank(b)))
    .slice(0, count)
}

test('topk, bottomk and limitk keep what sorting each step keeps, for few and for many', () => {
  const seed = testSeed()
  const random = seededRandom(seed)
  for (let round = 0; round < ROUNDS; round++) {
    const steps = 1 + Math.floor(random() * 5)
    const rows = someRows(random, steps)
    const most = random() < 0.5 ? 4 : 100
    const params = Float64Array.from({ length: steps }, () => Math.floor(random() * most) - 0.5)
    const op = (['topk', 'bottomk', 'limitk'] as const)[round % 3] as 'topk'
    const groups = ['0', '1'].map((group) => rows.filter((row) => row.labels[1] === group))
    const wanted = Array.from({ length: steps }, (_, step) =>
      groups.flatMap((members) => best(op, members, step, Math.max(0, Math.trunc(params[step] as number)))),
    )
    const texts = wanted.map((step, i) => step.map((row) => `${row.labels[3]} ${row.values[i]}`))
    const found = pointsOf(aggregateRanked(context, plan, op, rows, params), steps)
    // The order says something in an instant answer only.
    const ordered = (lists: string[][]) => (steps === 1 ? lists : lists.map((list) => list.toSorted()))
    expect([seed, round, op, ordered(found)]).toEqual([seed, round, op, ordered(texts)])
  }
})

test('what is filtered while series come in changes no choice, in whatever order they come', () => {
  const seed = testSeed()
  const random = seededRandom(seed)
  let dropped = 0
  for (let round = 0; round < ROUNDS; round++) {
    const steps = 2 + Math.floor(random() * 4)
    const rows = someRows(random, steps)
    const op = round % 2 === 0 ? 'topk' : 'bottomk'
    const count = 1 + Math.floor(random() * 5) + 0.5
    const ranked = { ...plan, op, param: { kind: 'number', value: count } } as unknown as AggregatePlan
    const filter = RankFilter.of(context, ranked, steps)
    const order = rows.map((_, i) => i).sort(() => random() - 0.5)
    const kept = new Set(
      order.filter((i) => {
        const { labels, values, present } = rows[i] as Row
        return filter?.wants(labels, values, present, undefined)
      }),
    )
    dropped += rows.length - kept.size
    const copies = (some: readonly Row[]) => some.map((row) => ({ ...row, present: row.present.slice() }))
    const params = new Float64Array(steps).fill(count)
    const all = pointsOf(aggregateRanked(context, ranked, op, copies(rows), params), steps)
    const few = pointsOf(
      aggregateRanked(context, ranked, op, copies(rows.filter((_, i) => kept.has(i))), params),
      steps,
    )
    expect([seed, round, few]).toEqual([seed, round, all])
  }
  expect([seed, dropped > ROUNDS]).toEqual([seed, true])
})
