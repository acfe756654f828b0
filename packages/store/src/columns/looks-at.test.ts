import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NodeFileSystem } from '@vantage/bytes'
import {
  type ByteRanges,
  decodeAttributes,
  hexBytes,
  hexText,
  type LogScan,
  lokiName,
  type RowLook,
  type SpanScan,
} from '@vantage/model'
import { seededRandom, testSeed, unlimitedBudget } from '@vantage/model/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ColumnLogReader } from './read/log-reader.ts'
import { ColumnSpanReader } from './read/span-reader.ts'
import { ColumnsHarness } from './testing/columns-harness.ts'
import { richLogs, richSpans } from './testing/rich-rows.ts'
import { ColumnView } from './view.ts'

const ROWS = 2_000
const ROUNDS = 30
const NAMES = ['method', 'user', 'status', 'took', 'list', 'none', 'absent']
const WHEN = ['always', 'never', 'unless-severe'] as const
const EVERYWHEN = { startNs: 0n, endNs: 2n ** 62n }

const seed = testSeed()
const random = seededRandom(seed)
const directory = mkdtempSync(join(tmpdir(), 'vantage-looks-'))
const harness = new ColumnsHarness(directory, new NodeFileSystem())
beforeAll(async () => {
  await harness.open()
  harness.applyLogs(richLogs(random, ROWS))
  harness.applySpans(richSpans(random, ROWS))
  await harness.store.seal()
})
afterAll(async () => {
  await harness.store.close()
  rmSync(directory, { recursive: true, force: true })
})

function pick<T>(list: readonly T[]): T {
  return list[Math.floor(random() * list.length)] as T
}

function randomLook(): RowLook {
  return {
    line: pick(WHEN),
    severityText: pick(WHEN),
    ids: random() < 0.5,
    others: random() < 0.5,
    attributes: random() < 0.2 ? undefined : NAMES.filter(() => random() < 0.3),
  }
}

function textOf({ bytes, from, to }: ByteRanges, row: number): string {
  return Buffer.from(bytes.slice(from[row], to[row])).toString('latin1')
}

/** The attributes of a row that are looked at, as text. */
function attributesOf(ranges: ByteRanges, row: number, { attributes }: RowLook): string {
  const all = decodeAttributes(ranges.bytes, ranges.from[row] as number, ranges.to[row] as number)
  const seen = all.filter(({ key }) => attributes === undefined || attributes.includes(lokiName(key)))
  return JSON.stringify(seen, (_, value) => (typeof value === 'bigint' ? `${value}n` : value))
}

function seesWhen(when: RowLook['line'], severity: number): boolean {
  return when === 'always' || (when === 'unless-severe' && severity === 0)
}

/** A view that has read nothing yet: one that has keeps columns that nobody looks at. */
function freshView(): ColumnView {
  const view = new ColumnView(harness.files, harness.store.viewOptions())
  const reader = `reader ${random()}`
  const message = harness.store.viewFor(reader, 'default')
  if (message !== undefined) view.update(message)
  harness.store.forgetReader(reader)
  return view
}

/** What of each row is looked at, by its time. */
function logsSeen(scan: LogScan, look: RowLook): string[] {
  const seen: string[] = []
  const view = freshView()
  for (const { columns, rows } of new ColumnLogReader(view).scan('default', scan, unlimitedBudget)) {
    for (const row of rows) {
      const severity = columns.severities[row] as number
      const parts = [String(columns.times[row]), severity, attributesOf(columns.attributes, row, look)]
      if (seesWhen(look.line, severity)) parts.push(textOf(columns.bodies, row))
      if (seesWhen(look.severityText, severity)) parts.push(textOf(columns.severityTexts, row))
      if (look.ids) parts.push(hexText(columns.traceIds, row * 16, row * 16 + 16))
      if (look.others) parts.push(String(columns.observedTimes[row]), textOf(columns.eventNames, row))
      seen.push(parts.join(' '))
    }
  }
  view.close()
  return seen.sort()
}

function spansSeen(scan: SpanScan, look: RowLook): string[] {
  const seen: string[] = []
  const view = freshView()
  for (const { columns, rows } of new ColumnSpanReader(view).scan('default', scan, unlimitedBudget)) {
    for (const row of rows) {
      const state = [columns.startTimes[row], columns.endTimes[row], columns.kinds[row], columns.statusCodes[row]]
      const parts = [state.join(), attributesOf(columns.attributes, row, look)]
      if (look.line === 'always') parts.push(textOf(columns.names, row))
      if (look.ids) parts.push(hexText(columns.spanIds, row * 8, row * 8 + 8))
      if (look.others) parts.push(textOf(columns.events, row), textOf(columns.statusMessages, row))
      seen.push(parts.join(' '))
    }
  }
  view.close()
  return seen.sort()
}

test('what is looked at is the same whatever else is left out', () => {
  for (let i = 0; i < ROUNDS; i++) {
    const look = randomLook()
    const logs = { ...EVERYWHEN, matchers: [], lineFilters: [], direction: 'any' } as const
    const narrow = logsSeen({ ...logs, looksAt: look }, look)
    expect([seed, i, narrow.length, narrow]).toEqual([seed, i, ROWS, logsSeen({ ...logs, direction: 'forward' }, look)])
    const spans = { ...EVERYWHEN, conditions: [], isAll: true, direction: 'any' } as const
    const spanLook = { ...look, line: look.line === 'unless-severe' ? 'never' : look.line } as const
    const few = spansSeen({ ...spans, looksAt: spanLook }, spanLook)
    expect([seed, i, few.length, few]).toEqual([seed, i, ROWS, spansSeen({ ...spans, direction: 'forward' }, spanLook)])
  }
})

test('rows that may have a trace by its label are never left out', () => {
  const all = { ...EVERYWHEN, matchers: [], lineFilters: [], direction: 'forward' } as const
  const everyRow: RowLook = { line: 'always', severityText: 'never', ids: true, others: false, attributes: [] }
  const rows = logsSeen(all, everyRow)
  const ids = rows.map((row) => row.slice(-32))
  for (let i = 0; i < ROUNDS; i++) {
    const id = pick(ids)
    if (id === '0'.repeat(32)) continue
    const found = logsSeen({ ...all, ownTraceId: hexBytes(id, 16) }, everyRow)
    expect([seed, found.filter((row) => row.endsWith(id))]).toEqual([seed, rows.filter((row) => row.endsWith(id))])
    const others = found.filter((row) => !row.endsWith(id) && !row.endsWith('0'.repeat(32)))
    expect([seed, others]).toEqual([seed, []])
  }
})
