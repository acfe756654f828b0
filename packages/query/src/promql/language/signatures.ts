import type { ValueType } from './ast.ts'

export interface Signature {
  readonly argTypes: readonly ValueType[]
  /** 0: exactly `argTypes`; n > 0: the last type may be absent or follow n times in all; -1: absent or any number. */
  readonly variadic: number
  readonly returnType: ValueType
  readonly isExperimental: boolean
}

function returnsVector(argTypes: readonly ValueType[], variadic = 0): Signature {
  return { argTypes, variadic, returnType: 'vector', isExperimental: false }
}

function returnsScalar(argTypes: readonly ValueType[]): Signature {
  return { argTypes, variadic: 0, returnType: 'scalar', isExperimental: false }
}

function experimental(signature: Signature): Signature {
  return { ...signature, isExperimental: true }
}

/** Every function of the language. Source: prometheus/prometheus promql/parser/functions.go. */
const SIGNATURES = {
  abs: returnsVector(['vector']),
  absent: returnsVector(['vector']),
  absent_over_time: returnsVector(['matrix']),
  acos: returnsVector(['vector']),
  acosh: returnsVector(['vector']),
  asin: returnsVector(['vector']),
  asinh: returnsVector(['vector']),
  atan: returnsVector(['vector']),
  atanh: returnsVector(['vector']),
  avg_over_time: returnsVector(['matrix']),
  ceil: returnsVector(['vector']),
  changes: returnsVector(['matrix']),
  clamp: returnsVector(['vector', 'scalar', 'scalar']),
  clamp_max: returnsVector(['vector', 'scalar']),
  clamp_min: returnsVector(['vector', 'scalar']),
  cos: returnsVector(['vector']),
  cosh: returnsVector(['vector']),
  count_over_time: returnsVector(['matrix']),
  days_in_month: returnsVector(['vector'], 1),
  day_of_month: returnsVector(['vector'], 1),
  day_of_week: returnsVector(['vector'], 1),
  day_of_year: returnsVector(['vector'], 1),
  deg: returnsVector(['vector']),
  delta: returnsVector(['matrix']),
  deriv: returnsVector(['matrix']),
  double_exponential_smoothing: experimental(returnsVector(['matrix', 'scalar', 'scalar'])),
  end: experimental(returnsScalar([])),
  exp: returnsVector(['vector']),
  first_over_time: experimental(returnsVector(['matrix'])),
  floor: returnsVector(['vector']),
  histogram_avg: returnsVector(['vector']),
  histogram_count: returnsVector(['vector']),
  histogram_fraction: returnsVector(['scalar', 'scalar', 'vector']),
  histogram_quantile: returnsVector(['scalar', 'vector']),
  histogram_quantiles: experimental(returnsVector(['vector', 'string', 'scalar', 'scalar'], 9)),
  histogram_stddev: returnsVector(['vector']),
  histogram_stdvar: returnsVector(['vector']),
  histogram_sum: returnsVector(['vector']),
  hour: returnsVector(['vector'], 1),
  idelta: returnsVector(['matrix']),
  increase: returnsVector(['matrix']),
  info: experimental(returnsVector(['vector', 'vector'], 1)),
  irate: returnsVector(['matrix']),
  label_join: returnsVector(['vector', 'string', 'string', 'string'], -1),
  label_replace: returnsVector(['vector', 'string', 'string', 'string', 'string']),
  last_over_time: returnsVector(['matrix']),
  ln: returnsVector(['vector']),
  log10: returnsVector(['vector']),
  log2: returnsVector(['vector']),
  mad_over_time: experimental(returnsVector(['matrix'])),
  max_of: experimental(returnsScalar(['scalar', 'scalar'])),
  max_over_time: returnsVector(['matrix']),
  min_of: experimental(returnsScalar(['scalar', 'scalar'])),
  min_over_time: returnsVector(['matrix']),
  minute: returnsVector(['vector'], 1),
  month: returnsVector(['vector'], 1),
  pi: returnsScalar([]),
  predict_linear: returnsVector(['matrix', 'scalar']),
  present_over_time: returnsVector(['matrix']),
  quantile_over_time: returnsVector(['scalar', 'matrix']),
  rad: returnsVector(['vector']),
  range: experimental(returnsScalar([])),
  rate: returnsVector(['matrix']),
  resets: returnsVector(['matrix']),
  round: returnsVector(['vector', 'scalar'], 1),
  scalar: returnsScalar(['vector']),
  sgn: returnsVector(['vector']),
  sin: returnsVector(['vector']),
  sinh: returnsVector(['vector']),
  sort: returnsVector(['vector']),
  sort_by_label: experimental(returnsVector(['vector', 'string'], -1)),
  sort_by_label_desc: experimental(returnsVector(['vector', 'string'], -1)),
  sort_desc: returnsVector(['vector']),
  sqrt: returnsVector(['vector']),
  start: experimental(returnsScalar([])),
  stddev_over_time: returnsVector(['matrix']),
  stdvar_over_time: returnsVector(['matrix']),
  step: experimental(returnsScalar([])),
  sum_over_time: returnsVector(['matrix']),
  tan: returnsVector(['vector']),
  tanh: returnsVector(['vector']),
  time: returnsScalar([]),
  timestamp: returnsVector(['vector']),
  ts_of_first_over_time: experimental(returnsVector(['matrix'])),
  ts_of_last_over_time: experimental(returnsVector(['matrix'])),
  ts_of_max_over_time: experimental(returnsVector(['matrix'])),
  ts_of_min_over_time: experimental(returnsVector(['matrix'])),
  vector: returnsVector(['scalar']),
  year: returnsVector(['vector'], 1),
} as const satisfies Readonly<Record<string, Signature>>

export type FunctionName = keyof typeof SIGNATURES

export const FUNCTION_NAMES = Object.keys(SIGNATURES) as readonly FunctionName[]

export function isFunctionName(name: string): name is FunctionName {
  return Object.hasOwn(SIGNATURES, name)
}

export function signatureOf(name: FunctionName): Signature {
  return SIGNATURES[name]
}
