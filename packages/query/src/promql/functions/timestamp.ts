import { stepTimeMs } from '../evaluate/grid.ts'
import { dropNames, type Value } from '../evaluate/rows.ts'
import { type FunctionCall, type FunctionImplementation, rowsOf } from './function.ts'

export type TimestampName = 'timestamp'

/** Results of operators are as old as the step; selectors are planned as `sampleTime` instead. */
export const TIMESTAMP_FUNCTIONS: Readonly<Record<TimestampName, FunctionImplementation>> = {
  timestamp: { kind: 'vector', evaluate: timestamp },
}

function timestamp(call: FunctionCall): Value {
  const rows = rowsOf(call, 0)
  for (const row of rows) {
    for (let i = 0; i < row.values.length; i++) row.values[i] = stepTimeMs(call.grid, i) / 1000
    row.histograms = undefined
  }
  return { kind: 'vector', rows: dropNames(call.context, rows) }
}
