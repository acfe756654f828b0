import { describe, expect, test } from 'vitest'
import { StartColumn } from '../start-column.ts'
import { Generation } from './generation.ts'
import { APPENDED } from './generation-layout.ts'
import { GenerationReader, generationDelta, ReadScratch } from './generation-reader.ts'
import { TailPacker } from './tail-packer.ts'

/** `[time, start]` of samples in the order they arrive. */
type Arrivals = readonly (readonly [number, number])[]

const EVER = 2 ** 50

function generation(): Generation {
  const fresh = new Generation(1, new TailPacker(), { current: 1, oldest: 2 })
  fresh.coverSeries(3)
  return fresh
}

/** Appends a sample whose value has these bits. */
function append(to: Generation, timeMs: number, low: number): number {
  return to.append(1, Float64Array.of(timeMs), Uint32Array.of(low, 0), 0, false)
}

function appendStarted(to: Generation, timeMs: number, startMs: number, low: number): number {
  return to.appendStarted(1, Float64Array.of(timeMs), Uint32Array.of(low, 0), 0, startMs, false)
}

/** What a reader that has nothing but the segments finds: `time:start`, unknown ones left out. */
function read(source: Generation, times: readonly number[], startMs = -EVER, endMs = EVER): string {
  source.publish()
  const reader = new GenerationReader(1)
  reader.update(generationDelta(source, 0, 0, true))
  const column = new StartColumn()
  column.reset(Float64Array.from(times), times.length)
  reader.readStartTimes(1, startMs, endMs, column, new ReadScratch())
  const found = new Map<number, number>()
  column.addTo(found)
  return [...found].map(([time, start]) => `${time}:${start}`).join(' ')
}

const cases: [string, Arrivals, string][] = [
  [
    'one process',
    [
      [10, 5],
      [20, 5],
      [30, 5],
    ],
    '10:5 20:5 30:5',
  ],
  [
    'a restart',
    [
      [10, 5],
      [20, 15],
      [30, 15],
    ],
    '10:5 20:15 30:15',
  ],
  [
    'unknown before, between and after',
    [
      [10, 0],
      [20, 5],
      [30, 0],
      [40, 5],
      [50, 0],
    ],
    '20:5 40:5',
  ],
  [
    'late ones have their own',
    [
      [10, 5],
      [40, 35],
      [20, 15],
      [30, 0],
    ],
    '10:5 20:15 40:35',
  ],
  [
    'late and unknown only',
    [
      [40, 0],
      [10, 0],
    ],
    '',
  ],
  [
    'late ones know, the others do not',
    [
      [40, 0],
      [10, 5],
    ],
    '10:5',
  ],
  [
    'negative times',
    [
      [-30, -40],
      [-20, -40],
    ],
    '-30:-40 -20:-40',
  ],
]

describe('start times of one series', () => {
  test.each(cases)('%s', (_name, arrivals, want) => {
    const source = generation()
    for (const [time, start] of arrivals) appendStarted(source, time, start, time)
    const times = arrivals.map(([time]) => time).sort((a, b) => a - b)
    expect(read(source, times)).toBe(want)
  })

  test('packed samples keep theirs, and a late sample that replaces one brings its own', () => {
    const source = generation()
    for (let time = 1; time <= 100; time++) appendStarted(source, time, time < 50 ? -1 : 49, time)
    expect(appendStarted(source, 5, 3, 999)).toBe(APPENDED.late)
    expect(read(source, [4, 5, 49, 50, 100])).toBe('4:-1 5:3 49:-1 50:49 100:49')
    expect(read(source, [4, 5, 49, 50, 100], 5, 49)).toBe('5:3 49:-1')
  })

  test('a repeated or refused sample changes nothing', () => {
    const source = generation()
    appendStarted(source, 10, 5, 1)
    expect(appendStarted(source, 10, 7, 1)).toBe(APPENDED.duplicate)
    expect(appendStarted(source, 10, 7, 2)).toBe(APPENDED.conflict)
    expect(read(source, [10])).toBe('10:5')
  })

  test('who never says so pays nothing, who says it once pays once', () => {
    const plain = generation()
    const silent = generation()
    const started = generation()
    for (let time = 1; time <= 1000; time++) {
      append(plain, time, time)
      appendStarted(silent, time, 0, time)
      appendStarted(started, time, -1, time)
    }
    expect(silent.data.top).toBe(plain.data.top)
    expect(started.data.top - plain.data.top).toBe(8)
  })

  test('unknown starts take the place of those of older sources', () => {
    const source = generation()
    append(source, 10, 1)
    source.publish()
    const reader = new GenerationReader(1)
    reader.update(generationDelta(source, 0, 0, true))
    const column = new StartColumn()
    column.reset(Float64Array.of(10, 20), 2)
    column.set(0, 3)
    column.set(1, 3)
    reader.readStartTimes(1, -EVER, EVER, column, new ReadScratch())
    expect([...column.starts.subarray(0, 2)]).toEqual([0, 3])
  })
})
