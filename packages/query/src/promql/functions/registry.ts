import type { FunctionName } from '../language/signatures.ts'
import { ABSENT_FUNCTIONS } from './absent.ts'
import { CLAMP_FUNCTIONS } from './clamp.ts'
import { DATE_FUNCTIONS } from './date.ts'
import type { FunctionImplementation } from './function.ts'
import { HISTOGRAM_FUNCTIONS } from './histogram.ts'
import { LABEL_FUNCTIONS } from './label.ts'
import { MATH_FUNCTIONS } from './math.ts'
import { OVER_TIME_FUNCTIONS } from './over-time.ts'
import { RATE_FUNCTIONS } from './rate.ts'
import { REGRESSION_FUNCTIONS } from './regression.ts'
import { SCALAR_FUNCTIONS } from './scalar.ts'
import { SORT_FUNCTIONS } from './sort.ts'
import { TIMESTAMP_FUNCTIONS } from './timestamp.ts'

/** Every function of the language, family by family; a missing one does not compile. */
export const FUNCTIONS: Readonly<Record<FunctionName, FunctionImplementation>> = {
  ...ABSENT_FUNCTIONS,
  ...CLAMP_FUNCTIONS,
  ...DATE_FUNCTIONS,
  ...HISTOGRAM_FUNCTIONS,
  ...LABEL_FUNCTIONS,
  ...MATH_FUNCTIONS,
  ...OVER_TIME_FUNCTIONS,
  ...RATE_FUNCTIONS,
  ...REGRESSION_FUNCTIONS,
  ...SCALAR_FUNCTIONS,
  ...SORT_FUNCTIONS,
  ...TIMESTAMP_FUNCTIONS,
  info: { kind: 'planned' },
}
