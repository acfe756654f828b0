import type { FunctionImplementation } from './function.ts'

export type MathName =
  | 'abs'
  | 'acos'
  | 'acosh'
  | 'asin'
  | 'asinh'
  | 'atan'
  | 'atanh'
  | 'ceil'
  | 'cos'
  | 'cosh'
  | 'deg'
  | 'exp'
  | 'floor'
  | 'ln'
  | 'log10'
  | 'log2'
  | 'rad'
  | 'sgn'
  | 'sin'
  | 'sinh'
  | 'sqrt'
  | 'tan'
  | 'tanh'

function math(apply: (value: number) => number): FunctionImplementation {
  return { kind: 'math', apply }
}

export const MATH_FUNCTIONS: Readonly<Record<MathName, FunctionImplementation>> = {
  abs: math(Math.abs),
  acos: math(Math.acos),
  acosh: math(Math.acosh),
  asin: math(Math.asin),
  asinh: math(Math.asinh),
  atan: math(Math.atan),
  atanh: math(Math.atanh),
  ceil: math(Math.ceil),
  cos: math(Math.cos),
  cosh: math(Math.cosh),
  deg: math((value) => (value * 180) / Math.PI),
  exp: math(Math.exp),
  floor: math(Math.floor),
  ln: math(Math.log),
  log10: math(Math.log10),
  log2: math(Math.log2),
  rad: math((value) => (value * Math.PI) / 180),
  sgn: math((value) => (value < 0 ? -1 : value > 0 ? 1 : value)),
  sin: math(Math.sin),
  sinh: math(Math.sinh),
  sqrt: math(Math.sqrt),
  tan: math(Math.tan),
  tanh: math(Math.tanh),
}
