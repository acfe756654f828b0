import { EMPTY_LABELS } from '@vantage/model'
import { stepTimeMs } from '../evaluate/grid.ts'
import { floatsOnly, newRow, type Value } from '../evaluate/rows.ts'
import type { FunctionCall, FunctionImplementation } from './function.ts'
import { rowsOf, scalarOf } from './function.ts'

export type ScalarName = 'end' | 'max_of' | 'min_of' | 'pi' | 'range' | 'scalar' | 'start' | 'step' | 'time' | 'vector'

function fromRange(pick: (call: FunctionCall) => number): FunctionImplementation {
  return {
    kind: 'vector',
    evaluate: (call) => ({ kind: 'scalar', values: new Float64Array(call.grid.steps).fill(pick(call)) }),
  }
}

/** Functions that make scalars, and `vector` that takes one. */
export const SCALAR_FUNCTIONS: Readonly<Record<ScalarName, FunctionImplementation>> = {
  end: fromRange(({ context }) => context.range.endMs / 1000),
  pi: fromRange(() => Math.PI),
  range: fromRange(({ context }) => (context.range.endMs - context.range.startMs) / 1000),
  start: fromRange(({ context }) => context.range.startMs / 1000),
  step: fromRange(({ context }) => context.range.stepMs / 1000),
  max_of: { kind: 'vector', evaluate: (call) => pairwise(call, goMax) },
  min_of: { kind: 'vector', evaluate: (call) => pairwise(call, goMin) },
  scalar: { kind: 'vector', evaluate: toScalar },
  time: { kind: 'vector', evaluate: stepTimes },
  vector: { kind: 'vector', evaluate: toVector },
}

/** Go's math.Max lets an infinity win over NaN. */
export function goMax(a: number, b: number): number {
  return a === Infinity || b === Infinity ? Infinity : Math.max(a, b)
}

export function goMin(a: number, b: number): number {
  return a === -Infinity || b === -Infinity ? -Infinity : Math.min(a, b)
}

function pairwise(call: FunctionCall, pick: (a: number, b: number) => number): Value {
  const left = scalarOf(call, 0)
  const right = scalarOf(call, 1)
  for (let i = 0; i < left.length; i++) left[i] = pick(left[i] as number, right[i] as number)
  return { kind: 'scalar', values: left }
}

function stepTimes({ grid }: FunctionCall): Value {
  const values = new Float64Array(grid.steps)
  for (let i = 0; i < grid.steps; i++) values[i] = stepTimeMs(grid, i) / 1000
  return { kind: 'scalar', values }
}

/** The only float of a step, NaN where there is none or more than one. */
function toScalar(call: FunctionCall): Value {
  const { steps } = call.grid
  const values = new Float64Array(steps).fill(Number.NaN)
  const seen = new Uint8Array(steps)
  for (const row of floatsOnly(rowsOf(call, 0))) {
    for (let i = 0; i < steps; i++) {
      if (row.present[i] === 0) continue
      values[i] = seen[i] === 0 ? (row.values[i] as number) : Number.NaN
      seen[i] = 1
    }
  }
  return { kind: 'scalar', values }
}

function toVector(call: FunctionCall): Value {
  const row = newRow(call.context, EMPTY_LABELS, false, call.grid.steps)
  row.values.set(scalarOf(call, 0))
  row.present.fill(1)
  return { kind: 'vector', rows: [row] }
}
