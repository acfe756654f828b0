import type { FunctionTable } from './function.ts'
import { mathFunctions } from './math-functions.ts'
import { textFunctions } from './text-functions.ts'
import { timeFunctions } from './time-functions.ts'
import { valueFunctions } from './value-functions.ts'

/** By name. Source: grafana/loki docs/sources/query/template_functions.md; Go text/template. */
export const FUNCTIONS: FunctionTable = {
  ...mathFunctions,
  ...textFunctions,
  ...timeFunctions,
  ...valueFunctions,
  __line__: { min: 0, max: 0, run: (_, { row }) => row.line },
}
