import type { Matcher } from '@vantage/model'
import type { At, Duration, Expr, Matching, ValueType, VectorSelector } from './ast.ts'
import { formatDecimal } from './number.ts'
import { signatureOf } from './signatures.ts'
import { typeOf } from './types.ts'

/** A JSON object; keys are Prometheus' own. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/**
 * The tree in the form of Prometheus' `/api/v1/parse_query`.
 * Durations that depend on the query's step are 0, as upstream shows them.
 * Source: prometheus/prometheus web/api/v1/translate_ast.go.
 */
export function exprToJson(expr: Expr): Json {
  switch (expr.kind) {
    case 'numberLiteral':
      return { type: 'numberLiteral', val: formatDecimal(expr.value) }
    case 'stringLiteral':
      return { type: 'stringLiteral', val: expr.text }
    case 'paren':
      return { type: 'parenExpr', expr: exprToJson(expr.expr) }
    case 'unary':
      return { type: 'unaryExpr', op: expr.op, expr: exprToJson(expr.expr) }
    case 'vectorSelector':
      return { type: 'vectorSelector', ...selectorJson(expr) }
    case 'matrixSelector':
      return { type: 'matrixSelector', range: literalMs(expr.range), ...selectorJson(expr.selector) }
    case 'subquery':
      return {
        type: 'subquery',
        expr: exprToJson(expr.expr),
        range: literalMs(expr.range),
        offset: literalMs(expr.offset),
        step: literalMs(expr.step),
        ...atJson(expr.at),
      }
    case 'binary': {
      const isBetweenVectors = typeOf(expr.left) === 'vector' && typeOf(expr.right) === 'vector'
      return {
        type: 'binaryExpr',
        op: expr.op,
        lhs: exprToJson(expr.left),
        rhs: exprToJson(expr.right),
        matching: isBetweenVectors && expr.matching !== undefined ? matchingJson(expr.matching) : null,
        bool: expr.returnsBool,
      }
    }
    case 'call': {
      const { argTypes, variadic, returnType } = signatureOf(expr.name)
      const types: readonly ValueType[] = argTypes
      return {
        type: 'call',
        func: { name: expr.name, argTypes: types, variadic, returnType },
        args: expr.args.map(exprToJson),
      }
    }
    case 'aggregate':
      return {
        type: 'aggregation',
        op: expr.op,
        expr: exprToJson(expr.expr),
        param: expr.param === undefined ? null : exprToJson(expr.param),
        grouping: expr.grouping,
        without: expr.isWithout,
      }
  }
}

function selectorJson(selector: VectorSelector): Record<string, Json> {
  return {
    name: selector.name,
    offset: literalMs(selector.offset),
    matchers: selector.matchers.map(matcherJson),
    ...atJson(selector.at),
    anchored: selector.extended === 'anchored',
    smoothed: selector.extended === 'smoothed',
  }
}

function matcherJson({ name, value, op }: Matcher): Json {
  return { name, value, type: op }
}

function atJson(at: At | undefined): Record<string, Json> {
  return {
    timestamp: at?.kind === 'time' ? at.timeMs : null,
    startOrEnd: at === undefined || at.kind === 'time' ? null : at.kind,
  }
}

function literalMs(duration: Duration | undefined): number {
  return duration?.kind === 'literal' ? Math.trunc(duration.seconds * 1000) : 0
}

function matchingJson({ card, labels, isOn, include, fillLeft, fillRight }: Matching): Json {
  return { card, labels, on: isOn, include, fillValues: { lhs: fillLeft ?? null, rhs: fillRight ?? null } }
}
