import type { Matcher } from '@vantage/model'
import type { AggregateName } from './aggregates.ts'
import type { Span } from './fault.ts'
import type { BinaryOp } from './operators.ts'
import type { FunctionName } from './signatures.ts'

/** Types of PromQL, named as Prometheus' JSON names them. */
export type ValueType = 'scalar' | 'vector' | 'matrix' | 'string'

/** A duration as written: a literal, or arithmetic that the query's step and range may enter. */
export type Duration = (
  | { readonly kind: 'literal'; readonly seconds: number; readonly isDuration: boolean }
  | { readonly kind: 'step' }
  | { readonly kind: 'range' }
  | { readonly kind: 'negate'; readonly operand: Duration }
  | { readonly kind: 'keep'; readonly operand: Duration }
  | { readonly kind: 'group'; readonly operand: Duration }
  | {
      readonly kind: 'binary'
      readonly op: '+' | '-' | '*' | '/' | '%' | '^' | 'min_of' | 'max_of'
      readonly left: Duration
      readonly right: Duration
    }
) &
  Span

/** The `@` modifier. */
export type At =
  | { readonly kind: 'time'; readonly timeMs: number }
  | { readonly kind: 'start' }
  | { readonly kind: 'end' }

export type Extended = 'anchored' | 'smoothed'

export interface NumberLiteral extends Span {
  readonly kind: 'numberLiteral'
  readonly value: number
  readonly isDuration: boolean
}

export interface StringLiteral extends Span {
  readonly kind: 'stringLiteral'
  readonly text: string
}

export interface VectorSelector extends Span {
  readonly kind: 'vectorSelector'
  /** The name in front of the braces, '' where there is none. It is also a matcher. */
  readonly name: string
  /** As written, the name's matcher last. */
  readonly matchers: readonly Matcher[]
  readonly offset: Duration | undefined
  readonly at: At | undefined
  readonly extended: Extended | undefined
}

export interface MatrixSelector extends Span {
  readonly kind: 'matrixSelector'
  /** Carries the modifiers behind the range. */
  readonly selector: VectorSelector
  readonly range: Duration
}

export interface Subquery extends Span {
  readonly kind: 'subquery'
  readonly expr: Expr
  readonly range: Duration
  /** Absent: the engine's default step. */
  readonly step: Duration | undefined
  readonly offset: Duration | undefined
  readonly at: At | undefined
}

export interface UnaryExpr extends Span {
  readonly kind: 'unary'
  readonly op: '+' | '-'
  readonly expr: Expr
}

export type MatchCard = 'one-to-one' | 'many-to-one' | 'one-to-many' | 'many-to-many'

/** How two vectors meet. Only between vectors. */
export interface Matching {
  readonly card: MatchCard
  readonly isOn: boolean
  readonly labels: readonly string[]
  /** Labels taken over from the "one" side. */
  readonly include: readonly string[]
  readonly fillLeft: number | undefined
  readonly fillRight: number | undefined
}

export interface BinaryExpr extends Span {
  readonly kind: 'binary'
  readonly op: BinaryOp
  readonly left: Expr
  readonly right: Expr
  readonly returnsBool: boolean
  readonly matching: Matching | undefined
}

export interface CallExpr extends Span {
  readonly kind: 'call'
  readonly name: FunctionName
  readonly args: readonly Expr[]
}

export interface AggregateExpr extends Span {
  readonly kind: 'aggregate'
  readonly op: AggregateName
  readonly expr: Expr
  readonly param: Expr | undefined
  readonly grouping: readonly string[]
  readonly isWithout: boolean
}

export interface ParenExpr extends Span {
  readonly kind: 'paren'
  readonly expr: Expr
}

/** The syntax tree. Every node knows its place in the text. */
export type Expr =
  | NumberLiteral
  | StringLiteral
  | VectorSelector
  | MatrixSelector
  | Subquery
  | UnaryExpr
  | BinaryExpr
  | CallExpr
  | AggregateExpr
  | ParenExpr

/** Direct children in the order of the text. */
export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'numberLiteral':
    case 'stringLiteral':
    case 'vectorSelector':
      return []
    case 'matrixSelector':
      return [expr.selector]
    case 'subquery':
    case 'unary':
    case 'paren':
      return [expr.expr]
    case 'binary':
      return [expr.left, expr.right]
    case 'call':
      return expr.args
    case 'aggregate':
      return expr.param === undefined ? [expr.expr] : [expr.param, expr.expr]
  }
}
