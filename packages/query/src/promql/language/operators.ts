/** Binary operators: symbol, strength, family. Source: prometheus/prometheus promql/parser/generated_parser.y. */
export type ArithmeticOp = '+' | '-' | '*' | '/' | '%' | '^' | 'atan2'
export type ComparisonOp = '==' | '!=' | '>' | '<' | '>=' | '<='
export type SetOp = 'and' | 'or' | 'unless'
/** Cut native histograms at a value: `</` keeps what is below, `>/` what is above. */
export type TrimOp = '</' | '>/'
export type BinaryOp = ArithmeticOp | ComparisonOp | SetOp | TrimOp

export type OperatorFamily = 'arithmetic' | 'comparison' | 'set' | 'trim'

export interface Operator {
  readonly precedence: number
  readonly family: OperatorFamily
}

const MULTIPLICATIVE = 5
export const POWER_PRECEDENCE = 6

export const OPERATORS: Readonly<Record<BinaryOp, Operator>> = {
  or: { precedence: 1, family: 'set' },
  and: { precedence: 2, family: 'set' },
  unless: { precedence: 2, family: 'set' },
  '==': { precedence: 3, family: 'comparison' },
  '!=': { precedence: 3, family: 'comparison' },
  '>': { precedence: 3, family: 'comparison' },
  '<': { precedence: 3, family: 'comparison' },
  '>=': { precedence: 3, family: 'comparison' },
  '<=': { precedence: 3, family: 'comparison' },
  '</': { precedence: 3, family: 'trim' },
  '>/': { precedence: 3, family: 'trim' },
  '+': { precedence: 4, family: 'arithmetic' },
  '-': { precedence: 4, family: 'arithmetic' },
  '*': { precedence: MULTIPLICATIVE, family: 'arithmetic' },
  '/': { precedence: MULTIPLICATIVE, family: 'arithmetic' },
  '%': { precedence: MULTIPLICATIVE, family: 'arithmetic' },
  atan2: { precedence: MULTIPLICATIVE, family: 'arithmetic' },
  '^': { precedence: POWER_PRECEDENCE, family: 'arithmetic' },
}

export function isBinaryOp(text: string): text is BinaryOp {
  return Object.hasOwn(OPERATORS, text)
}

export function isSetOp(op: BinaryOp): op is SetOp {
  return OPERATORS[op].family === 'set'
}

export function isComparisonOp(op: BinaryOp): op is ComparisonOp {
  return OPERATORS[op].family === 'comparison'
}

export function isTrimOp(op: BinaryOp): op is TrimOp {
  return OPERATORS[op].family === 'trim'
}
