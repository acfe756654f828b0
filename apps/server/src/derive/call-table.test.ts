import { hexText, assert as present } from '@vantage/model'
import { expect, test } from 'vitest'
import { CallTable } from './call-table.ts'

/** Ids of a few rows that share traces and spans with each other. */
const ROWS = 40
const traces = Int32Array.from({ length: ROWS * 4 }, (_, i) => (i % 4 === 3 ? Math.floor(i / 16) : 0x0a0b0c0d))
const ids = Int32Array.from({ length: ROWS * 2 }, (_, i) => (i % 2 === 0 ? Math.floor(i / 2) % 4 : -1))

function keyOf(row: number): string {
  return [...traces.subarray(row * 4, row * 4 + 4), ...ids.subarray(row * 2, row * 2 + 2)].join()
}

test('what is added, replaced and removed is found as a map finds it, oldest first', () => {
  for (let seed = 0; seed < 200; seed++) {
    const table = new CallTable<number>(ROWS, seed)
    const map = new Map<string, number>()
    for (let value = 0, state = seed; value < 300; value++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      const row = (state >>> 8) % ROWS
      const entry = table.find(traces, ids, row)
      expect(entry < 0 ? undefined : table.valueOf(entry)).toBe(map.get(keyOf(row)))
      if (state % 64 < 24) {
        if (entry >= 0) table.remove(entry)
        map.delete(keyOf(row))
      } else {
        if (entry >= 0) table.replace(entry, value)
        else table.add(traces, ids, row, value)
        map.set(keyOf(row), value)
      }
    }
    expect([...table.entries()].map((entry) => table.valueOf(entry))).toEqual([...map.values()])
  }
})

test('entries find each other again when the table grows, up to its most', () => {
  const max = 5_000
  const table = new CallTable<number>(max, 7)
  const many = Int32Array.from({ length: max * 4 }, (_, i) => i)
  const spans = Int32Array.from({ length: max * 2 }, (_, i) => i >> 3)
  for (let row = 0; row < max; row++) {
    present(!table.isFull, 'there is room')
    table.add(many, spans, row, row)
  }
  expect(table.isFull).toBe(true)
  for (let row = 0; row < max; row++) {
    const entry = table.find(many, spans, row)
    expect(table.valueOf(entry)).toBe(row)
    expect(table.ids(entry)).toEqual({
      traceId: hexText(new Uint8Array(many.buffer), row * 16, row * 16 + 16),
      spanId: hexText(new Uint8Array(spans.buffer), row * 8, row * 8 + 8),
    })
  }
  for (const entry of table.entries()) if (table.valueOf(entry) % 2 === 0) table.remove(entry)
  expect(table.isFull).toBe(false)
  expect([...table.entries()].map((entry) => table.valueOf(entry))).toEqual(
    Array.from({ length: max / 2 }, (_, i) => i * 2 + 1),
  )
  expect(table.find(many, spans, 0)).toBe(-1)
})
