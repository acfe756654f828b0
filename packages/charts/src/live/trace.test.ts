import { expect, test } from 'vitest'
import { SampleRing } from './ring.ts'
import { traceSeries } from './trace.ts'

/** Writes down what is drawn: only the calls that a trace makes. */
function recorder() {
  const calls: string[] = []
  const note = (name: string) => (x: number, y: number) => calls.push(`${name} ${x.toFixed(1)} ${y.toFixed(1)}`)
  const context = { beginPath() {}, stroke() {}, moveTo: note('M'), lineTo: note('L') }
  return { calls, context: context as unknown as OffscreenCanvasRenderingContext2D }
}

function ringOf(samples: readonly (readonly [number, number])[]): SampleRing {
  const ring = new SampleRing(16)
  for (const [timeMs, value] of samples) ring.push(timeMs, value)
  return ring
}

/** 100 px wide, 1 px per 100 ms, right edge at 10 s, values 0 … 10 on 10 px. */
function trace(samples: readonly (readonly [number, number])[], fromPx = 0): readonly string[] {
  const { calls, context } = recorder()
  traceSeries(context, ringOf(samples), fromPx, 100, 10, 0.01, 100, 0, 10)
  return calls
}

test('joins neighbours', () => {
  expect(
    trace([
      [1_000, 0],
      [2_000, 10],
      [3_000, 5],
    ]),
  ).toEqual(['M 9.5 10.0', 'L 10.5 10.0', 'L 20.0 0.0', 'L 30.0 5.0'])
})

test('starts one sample before the part that is drawn', () => {
  const samples = [1, 2, 3, 4, 5].map((s) => [s * 1_000, 1] as const)
  expect(trace(samples, 45)[0]).toBe('M 39.5 9.0')
})

test('leaves a gap where time jumps or the value is not a number', () => {
  const samples = [
    [1_000, 1],
    [1_100, 1],
    [1_200, 1],
    [8_000, 1],
  ] as const
  expect(trace(samples).filter((call) => call.startsWith('M'))).toHaveLength(2)
  expect(
    trace([
      [1_000, 1],
      [2_000, Number.NaN],
      [3_000, 1],
    ]).filter((call) => call.startsWith('M')),
  ).toHaveLength(2)
})

test('keeps the spike within one pixel column', () => {
  const calls = trace([
    [1_000, 5],
    [1_020, 9],
    [1_040, 1],
    [1_060, 6],
    [2_000, 5],
  ])
  expect(calls).toContain('L 10.0 1.0')
  expect(calls).toContain('L 10.0 9.0')
  expect(calls.at(-1)).toBe('L 20.0 5.0')
})
