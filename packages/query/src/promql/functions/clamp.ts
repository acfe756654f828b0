import { dropNames, floatsOnly, type Value, withoutEmpty } from '../evaluate/rows.ts'
import { type FunctionCall, type FunctionImplementation, rowsOf, scalarOf } from './function.ts'
import { goMax, goMin } from './scalar.ts'

export type ClampName = 'clamp' | 'clamp_max' | 'clamp_min' | 'round'

/** Functions that change values by scalars of the same step. */
export const CLAMP_FUNCTIONS: Readonly<Record<ClampName, FunctionImplementation>> = {
  clamp: { kind: 'vector', evaluate: (call) => clamp(call, scalarOf(call, 1), scalarOf(call, 2)) },
  clamp_max: {
    kind: 'vector',
    evaluate: (call) => clamp(call, constant(call, -Infinity), scalarOf(call, 1)),
  },
  clamp_min: {
    kind: 'vector',
    evaluate: (call) => clamp(call, scalarOf(call, 1), constant(call, Infinity)),
  },
  round: { kind: 'vector', evaluate: round },
}

function constant(call: FunctionCall, value: number): Float64Array {
  return new Float64Array(call.grid.steps).fill(value)
}

/** Nothing stays at steps whose bounds cross. */
function clamp(call: FunctionCall, low: Float64Array, high: Float64Array): Value {
  const rows = floatsOnly(rowsOf(call, 0))
  for (const { values, present } of rows) {
    for (let i = 0; i < values.length; i++) {
      const min = low[i] as number
      const max = high[i] as number
      if (max < min) present[i] = 0
      else values[i] = goMax(min, goMin(max, values[i] as number))
    }
  }
  return { kind: 'vector', rows: dropNames(call.context, withoutEmpty(rows)) }
}

/** To the nearest multiple, ties upwards. The inverse first: fewer roundings of its own. */
function round(call: FunctionCall): Value {
  const rows = floatsOnly(rowsOf(call, 0))
  const nearest = call.args.length > 1 ? scalarOf(call, 1) : constant(call, 1)
  for (const { values } of rows) {
    for (let i = 0; i < values.length; i++) {
      const inverse = 1 / (nearest[i] as number)
      values[i] = Math.floor((values[i] as number) * inverse + 0.5) / inverse
    }
  }
  return { kind: 'vector', rows: dropNames(call.context, rows) }
}
