import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NodeFileSystem } from '@vantage/bytes'
import type { LogScan, TimeGrid } from '@vantage/model'
import { seededRandom, testSeed, unlimitedBudget } from '@vantage/model/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ColumnLogReader } from '../read/log-reader.ts'
import { ColumnsHarness } from '../testing/columns-harness.ts'
import { someLogs } from '../testing/rows.ts'
import { ColumnView } from '../view.ts'

/** Two stripes. */
const ROWS = 20_000
const ROUNDS = 24
const FIRST_NS = 1_700_000_000_123_456_789n

const seed = testSeed()
const random = seededRandom(seed)
const directory = mkdtempSync(join(tmpdir(), 'vantage-marks-'))
const harness = new ColumnsHarness(directory, new NodeFileSystem())
let lastNs = FIRST_NS
beforeAll(async () => {
  await harness.open()
  const rows = someLogs(0, ROWS).map((row, i) => {
    // Rows of equal times, gaps, and one that no double holds.
    if (random() < 0.7) lastNs += BigInt(Math.floor(random() * 2_000_000))
    if (i === ROWS / 2) lastNs += 30_000_000_000n
    return { ...row, timeNs: lastNs }
  })
  harness.applyLogs(rows)
  await harness.store.seal()
})
afterAll(async () => {
  await harness.store.close()
  rmSync(directory, { recursive: true, force: true })
})

/** A view that has read nothing yet: one that has keeps times. */
function freshView(): ColumnView {
  const view = new ColumnView(harness.files, harness.store.viewOptions())
  const reader = `reader ${random()}`
  const message = harness.store.viewFor(reader, 'default')
  if (message !== undefined) view.update(message)
  harness.store.forgetReader(reader)
  return view
}

/** Of each row in order, the moment that it comes before or at; and how many blocks told it by marks. */
function momentsSeen(scan: LogScan, { everyNs, phaseNs }: TimeGrid): { seen: string[]; marked: number } {
  const seen: string[] = []
  let marked = 0
  const view = freshView()
  // The second time, marks come from the first.
  for (let pass = 0; pass < 2; pass++) {
    for (const { columns, rows, marks } of new ColumnLogReader(view).scan('default', scan, unlimitedBudget)) {
      if (marks !== undefined) marked++
      for (const row of rows) {
        const { from } = columns.bodies
        const before = marks?.rows.filter((end) => end <= row).length ?? 0
        const beyond = ((columns.times[row] as bigint) - phaseNs) % everyNs
        const byTime = (columns.times[row] as bigint) + (beyond === 0n ? 0n : everyNs - beyond)
        const moment = marks === undefined ? byTime : marks.firstNs + BigInt(before) * everyNs
        seen.push(`${from[row]} ${moment}`)
      }
    }
  }
  view.close()
  return { seen, marked }
}

test('marks tell between which moments of a grid rows lie, for whatever part of the time', () => {
  let blocks = 0
  for (let i = 0; i < ROUNDS; i++) {
    const grid = {
      everyNs: BigInt(1 + Math.floor(random() * 4e10)),
      phaseNs: BigInt(Math.floor(random() * 8e9)) - 4_000_000_000n,
    }
    const startNs = random() < 0.5 ? 0n : FIRST_NS + BigInt(Math.floor(random() * 1e10))
    const range = { startNs, endNs: random() < 0.5 ? 2n ** 62n : startNs + BigInt(Math.floor(random() * 5e10)) }
    const scan = { ...range, matchers: [], lineFilters: [], direction: 'any', grid } as const
    const { seen, marked } = momentsSeen(scan, grid)
    blocks += marked
    const byTimes = momentsSeen({ ...scan, grid: undefined }, grid)
    expect([seed, i, byTimes.marked, seen]).toEqual([seed, i, 0, byTimes.seen])
  }
  expect([seed, blocks > ROUNDS]).toEqual([seed, true])
})

test('what is counted on any grid is the same by marks and by times', () => {
  let groups = 0
  for (let i = 0; i < ROUNDS; i++) {
    const stepNs = BigInt(1e9 + Math.floor(random() * 2e10))
    const grid = {
      startNs: FIRST_NS - BigInt(Math.floor(random() * 2e9)),
      stepNs,
      steps: 1 + Math.floor(random() * 60),
    }
    const scan = { startNs: 0n, endNs: 2n ** 62n, matchers: [], lineFilters: [], direction: 'forward' } as const
    const view = freshView()
    const reader = new ColumnLogReader(view)
    const count = () => reader.count('default', scan, 'rows', ['service_name'], grid, unlimitedBudget)
    const byMarks = count()
    for (const { rows } of reader.scan('default', scan, unlimitedBudget)) expect(rows.length).toBeGreaterThan(0)
    expect([seed, i, byMarks]).toEqual([seed, i, count()])
    groups += byMarks.length
    view.close()
  }
  expect([seed, groups > ROUNDS]).toEqual([seed, true])
})
