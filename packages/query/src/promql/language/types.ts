import type { Expr, ValueType } from './ast.ts'
import { signatureOf } from './signatures.ts'

/** The type an expression has by its form; arguments are checked in `check.ts`. */
export function typeOf(expr: Expr): ValueType {
  switch (expr.kind) {
    case 'numberLiteral':
      return 'scalar'
    case 'stringLiteral':
      return 'string'
    case 'vectorSelector':
    case 'aggregate':
      return 'vector'
    case 'matrixSelector':
    case 'subquery':
      return 'matrix'
    case 'unary':
    case 'paren':
      return typeOf(expr.expr)
    case 'binary':
      return typeOf(expr.left) === 'scalar' && typeOf(expr.right) === 'scalar' ? 'scalar' : 'vector'
    case 'call':
      return signatureOf(expr.name).returnType
  }
}

const TYPE_NAMES: Readonly<Record<ValueType, string>> = {
  scalar: 'scalar',
  vector: 'instant vector',
  matrix: 'range vector',
  string: 'string',
}

/** The name a message uses. */
export function typeName(type: ValueType): string {
  return TYPE_NAMES[type]
}
