import { calculateDecimal } from './decimal.ts'
import type { FunctionTable, TemplateFunction } from './function.ts'
import { asCount, asFloat, asInt, TemplateError, type Value } from './value.ts'

function foldInts(fold: (a: bigint, b: bigint) => bigint, min = 1): TemplateFunction {
  return {
    min,
    max: Number.POSITIVE_INFINITY,
    run: (args) => args.map(asInt).reduce((a, b) => BigInt.asIntN(64, fold(a, b))),
  }
}

function foldFloats(fold: (a: number, b: number) => number): TemplateFunction {
  return { min: 1, max: Number.POSITIVE_INFINITY, run: (args) => args.map(asFloat).reduce((a, b) => fold(a, b)) }
}

// Math.max and Math.min take no bigint.
function larger(a: bigint, b: bigint): bigint {
  if (a > b) return a
  return b
}

function smaller(a: bigint, b: bigint): bigint {
  if (a < b) return a
  return b
}

function divided(a: bigint, b: bigint, name: string): bigint {
  if (b === 0n) throw new TemplateError('division by zero')
  return name === 'mod' ? a % b : a / b
}

function one(run: (value: Value) => Value): TemplateFunction {
  return { min: 1, max: 1, run: ([value]) => run(value) }
}

/**
 * Parts from `roundOn` on go up, away from zero, as far as digits of a decimal number can tell.
 * Source: Masterminds/sprig numeric.go.
 */
function round(value: number, places: number, roundOn: number): number {
  const factor = 10 ** Math.min(Math.max(places, -15), 15)
  const scaled = Math.abs(value) * factor
  if (!Number.isFinite(scaled)) return value
  const whole = Math.floor(scaled)
  // 2.675 · 100 is 267.49999999999997: what is left out below is what a double cannot say of it.
  const isUp = scaled - whole >= roundOn - scaled * Number.EPSILON
  return (Math.sign(value) * (isUp ? whole + 1 : whole)) / factor
}

/** Source: grafana/loki template_functions.md, "Math functions"; Masterminds/sprig numeric.go. */
export const mathFunctions: FunctionTable = {
  add: foldInts((a, b) => a + b),
  sub: { min: 2, max: 2, run: ([a, b]) => BigInt.asIntN(64, asInt(a) - asInt(b)) },
  mul: foldInts((a, b) => a * b),
  div: { min: 2, max: 2, run: ([a, b]) => divided(asInt(a), asInt(b), 'div') },
  mod: { min: 2, max: 2, run: ([a, b]) => divided(asInt(a), asInt(b), 'mod') },
  max: foldInts(larger),
  min: foldInts(smaller),
  addf: foldFloats((a, b) => calculateDecimal('+', a, b)),
  subf: foldFloats((a, b) => calculateDecimal('-', a, b)),
  mulf: foldFloats((a, b) => calculateDecimal('*', a, b)),
  divf: foldFloats((a, b) => calculateDecimal('/', a, b)),
  maxf: foldFloats((a, b) => Math.max(a, b)),
  minf: foldFloats((a, b) => Math.min(a, b)),
  ceil: one((value) => Math.ceil(asFloat(value))),
  floor: one((value) => Math.floor(asFloat(value))),
  round: {
    min: 2,
    max: 3,
    run: ([value, places, roundOn = 0.5]) => round(asFloat(value), asCount(places), asFloat(roundOn)),
  },
  int: one(asInt),
  float64: one(asFloat),
}
