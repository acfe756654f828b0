import { FALSE, TRUE, type Value } from '../value.ts'
import { syntaxRefusal } from './fault.ts'
import { binaryOf, unaryOf } from './fold.ts'
import { type Field, type FieldExpression, type FieldOp, INTRINSICS, type Intrinsic } from './syntax.ts'
import type { TokenReader } from './token-reader.ts'

/**
 * Binding strength of operators, one left-leaning level for each but `^`, which leans right. A prefix `!` binds between
 * `+` and `*`, a prefix `-` like `+`.
 */
const STRENGTHS: Readonly<Record<FieldOp, number>> = {
  '&&': 1,
  '||': 1,
  '=': 2,
  '!=': 2,
  '<': 2,
  '<=': 2,
  '>': 2,
  '>=': 2,
  '=~': 2,
  '!~': 2,
  '+': 3,
  '-': 3,
  '*': 5,
  '/': 5,
  '%': 5,
  '^': 6,
}
const NOT_STRENGTH = 4
const COMPARISON_STRENGTH = 2

const PLAIN_INTRINSICS: ReadonlySet<string> = new Set(INTRINSICS.filter((name) => !name.includes(':')))

/** Fields of a parent that `parent.` reaches by a bare name. */
const PARENT_INTRINSICS: ReadonlySet<string> = new Set([
  'duration',
  'name',
  'status',
  'statusMessage',
  'kind',
  'nestedSetLeft',
  'nestedSetRight',
  'nestedSetParent',
])

/** Scoped names: the ones that mean an intrinsic with a plain name, and the rest. */
const SCOPED_INTRINSICS: ReadonlyMap<string, Intrinsic> = new Map<string, Intrinsic>([
  ['trace:duration', 'traceDuration'],
  ['trace:rootName', 'rootName'],
  ['trace:rootService', 'rootServiceName'],
  ['span:duration', 'duration'],
  ['span:name', 'name'],
  ['span:kind', 'kind'],
  ['span:status', 'status'],
  ['span:statusMessage', 'statusMessage'],
  ...INTRINSICS.filter((name) => name.includes(':')).map((name): [string, Intrinsic] => [name, name]),
])

const WORD_VALUES: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['true', TRUE],
  ['false', FALSE],
  ['unset', { kind: 'status', value: 0 }],
  ['ok', { kind: 'status', value: 1 }],
  ['error', { kind: 'status', value: 2 }],
  ['unspecified', { kind: 'spanKind', value: 0 }],
  ['internal', { kind: 'spanKind', value: 1 }],
  ['server', { kind: 'spanKind', value: 2 }],
  ['client', { kind: 'spanKind', value: 3 }],
  ['producer', { kind: 'spanKind', value: 4 }],
  ['consumer', { kind: 'spanKind', value: 5 }],
  ['minInt', { kind: 'int', value: -(2n ** 63n) }],
  ['maxInt', { kind: 'int', value: 2n ** 63n - 1n }],
])

/** Parses what stands between braces. */
export function parseFieldExpression(reader: TokenReader, minStrength = 1): FieldExpression {
  let left = parsePrefix(reader)
  for (;;) {
    const op = fieldOpAt(reader)
    if (op === undefined || STRENGTHS[op] < minStrength) return left
    reader.take()
    reader.countNode()
    if ((op === '=' || op === '!=') && reader.isWord('nil')) {
      reader.take()
      left = { kind: 'exists', isWanted: op === '!=', operand: left }
      continue
    }
    const strength = STRENGTHS[op]
    const right = reader.nested(() => parseFieldExpression(reader, op === '^' ? strength : strength + 1))
    left = binaryOf(op, left, right)
  }
}

function fieldOpAt(reader: TokenReader): FieldOp | undefined {
  const { kind, text } = reader.token
  return kind === 'symbol' && Object.hasOwn(STRENGTHS, text) ? (text as FieldOp) : undefined
}

function parsePrefix(reader: TokenReader): FieldExpression {
  reader.countNode()
  if (reader.trySymbol('-')) {
    return unaryOf(
      '-',
      reader.nested(() => parseFieldExpression(reader, STRENGTHS['-'] + 1)),
    )
  }
  if (reader.trySymbol('!')) {
    return unaryOf(
      '!',
      reader.nested(() => parseFieldExpression(reader, NOT_STRENGTH + 1)),
    )
  }
  if (reader.trySymbol('(')) {
    const inner = reader.nested(() => parseFieldExpression(reader))
    reader.wantSymbol(')')
    return inner
  }
  if (reader.isWord('nil')) return parseNilFirst(reader)
  const value = tryValue(reader)
  return value === undefined ? parseField(reader) : { kind: 'static', value }
}

/** `nil = x`, `nil != x`; nil against nil is false either way. */
function parseNilFirst(reader: TokenReader): FieldExpression {
  reader.take()
  const op = reader.token.text
  if (!reader.trySymbol('=') && !reader.trySymbol('!=')) throw reader.unexpected('"=" or "!="')
  if (reader.isWord('nil')) {
    reader.take()
    return { kind: 'static', value: FALSE }
  }
  const operand = reader.nested(() => parseFieldExpression(reader, COMPARISON_STRENGTH + 1))
  return { kind: 'exists', isWanted: op === '!=', operand }
}

/** Takes a constant where one is next. */
export function tryValue(reader: TokenReader): Value | undefined {
  const token = reader.token
  switch (token.kind) {
    case 'string':
      reader.take()
      return { kind: 'string', value: token.text }
    case 'int':
      reader.take()
      return { kind: 'int', value: token.value }
    case 'double':
    case 'duration':
      reader.take()
      return { kind: token.kind, value: token.value }
    case 'word': {
      const value = WORD_VALUES.get(token.text)
      if (value !== undefined) reader.take()
      return value
    }
    default:
      return undefined
  }
}

/** A single attribute or intrinsic. */
export function parseField(reader: TokenReader): Field {
  const token = reader.token
  if (token.kind === 'attribute') {
    reader.take()
    const { scope, isParent, name, text } = token
    // Quotes make it an attribute whatever its name.
    if (isParent && scope === 'any' && PARENT_INTRINSICS.has(name) && text === `parent.${name}`) {
      return { kind: 'intrinsic', isParent, name: name as Intrinsic }
    }
    return { kind: 'attribute', scope, isParent, name }
  }
  if (token.kind === 'word' && PLAIN_INTRINSICS.has(token.text)) {
    reader.take()
    return { kind: 'intrinsic', isParent: false, name: token.text as Intrinsic }
  }
  if (token.kind !== 'scope') throw reader.unexpected('an attribute, an intrinsic or a value')
  reader.take()
  const intrinsic = SCOPED_INTRINSICS.get(`${token.text}:${reader.token.text}`)
  if (reader.token.kind !== 'word' || intrinsic === undefined) {
    throw syntaxRefusal(token.offset, `unknown intrinsic ${token.text}:${reader.token.text.slice(0, 64)}`)
  }
  reader.take()
  return { kind: 'intrinsic', isParent: false, name: intrinsic }
}
