import {
  type AnyValue,
  type Attribute,
  hexBytes,
  NO_ORIGIN,
  SPAN_KINDS,
  STATUS_CODES,
} from '../../../packages/model/src/index.ts'
import { MemorySpans, type SpanRecord, unlimitedBudget } from '../../../packages/model/src/testing/index.ts'
import {
  parseLenient,
  parseTraceql,
  printField,
  printQuery,
  type Query,
  readTrace,
  shownFields,
  spanSetsOf,
  TRACEQL_LIMITS,
} from '../../../packages/query/src/traceql/index.ts'
import type { CaseResult } from '../suite.ts'
import { type Call, fieldText, queryText } from './traceql-calls.ts'
import { type TagValuesRow, tagValuesProblem } from './traceql-tag-values.ts'

/** A row of upstream's tables: which members there are depends on the test. */
export interface TraceqlRow extends TagValuesRow {
  readonly test: string
  readonly in?: string
  readonly span?: MockSpan
  readonly matches?: boolean
  readonly expected?: Call | string | null
  readonly expectedStr?: string
  readonly want?: string
  readonly err?: unknown
  readonly shouldError?: boolean
  readonly conditions?: readonly Call[]
}

interface MockSpan {
  readonly attributes?: readonly { readonly key: Call; readonly value: Call }[]
}

type Outcome = Pick<CaseResult, 'verdict' | 'reason'>

const PASS: Outcome = { verdict: 'pass', reason: '' }

function judged(problem: string): Outcome {
  return problem === '' ? PASS : { verdict: 'fail', reason: problem }
}

export function runRow(row: TraceqlRow): Outcome {
  if (row.span !== undefined) return judged(matchProblem(row))
  if (row.test.startsWith('ast_conditions/')) return judged(conditionsProblem(row))
  if (row.test.startsWith('lenient_parser/')) return judged(lenientProblem(row))
  if (row.attribute !== undefined) return judged(tagValuesProblem(row))
  if (row.in !== undefined || row.want !== undefined) return judged(parseProblem(row))
  return { verdict: 'left out', reason: 'a row whose spans are not in the table' }
}

function parsed(text: string): Query {
  const query = parseTraceql(text, TRACEQL_LIMITS)
  if (!query.ok) throw new Error(`${text}: ${query.error.message}`)
  return query.value
}

function printed(text: string): string {
  return printQuery(parsed(text))
}

function equal(got: string, want: string): string {
  return got === want ? '' : `want ${want}, got ${got}`
}

/** One span, asked whether it matches; queries are evaluated as parsed, whatever the checks say of them. */
function matchProblem({ query = '', span, matches = false }: TraceqlRow): string {
  const { kind, ...rest } = parsed(query) as Extract<Query, { kind: 'search' }>
  if (kind !== 'search') return `want a query that selects spans: ${query}`
  const memory = new MemorySpans()
  const traceId = '1'.padStart(32, '0')
  memory.append('default', { ...recordOf(span ?? {}), traceId, spanId: '1'.padStart(16, '0'), startNs: 1n })
  const bytes = hexBytes(traceId, 16) as Uint8Array
  const trace = readTrace(bytes, 'default', memory, unlimitedBudget, TRACEQL_LIMITS)
  if (trace === undefined) return 'the span was not read back'
  const found = spanSetsOf(rest.pipeline.stages, trace, TRACEQL_LIMITS).length > 0
  return equal(String(found), String(matches))
}

/** Attributes without a scope are kept as the span's own. */
function recordOf({ attributes = [] }: MockSpan): Partial<SpanRecord> {
  const own: Attribute[] = []
  const resource: Attribute[] = []
  const scope: Attribute[] = []
  const event: Attribute[] = []
  const link: Attribute[] = []
  const lists = new Map([
    ['.', own],
    ['span.', own],
    ['resource.', resource],
    ['instrumentation.', scope],
    ['event.', event],
    ['link.', link],
  ])
  const intrinsics: Record<string, unknown> = {}
  for (const { key, value } of attributes) {
    const field = fieldText(key)
    const [call, [first]] = [value.call ?? '', value.args ?? []] as [string, readonly unknown[]]
    if (field === 'duration') intrinsics['endNs'] = 1n + BigInt(Math.round(seconds(first) * 1e9))
    else if (field === 'name' || field === 'statusMessage') intrinsics[field] = first
    else if (field === 'status' || field === 'kind') {
      const word = (first as { id: string }).id.replace(/^(Status|Kind)/, '').toLowerCase()
      const words: readonly string[] = field === 'status' ? STATUS_CODES : SPAN_KINDS
      if (!words.includes(word)) throw new Error(`unknown ${field} ${word}`)
      intrinsics[field] = word
    } else {
      const prefix = field.slice(0, field.indexOf('"'))
      const list = lists.get(prefix)
      if (list === undefined) throw new Error(`cannot store ${field}`)
      list.push({ key: JSON.parse(field.slice(prefix.length)) as string, value: attributeValue(call, first) })
    }
  }
  return {
    attributes: own,
    origin: { ...NO_ORIGIN, resource, scope },
    events: event.length === 0 ? [] : [{ timeUnixNs: 1n, name: '', attributes: event, droppedAttributes: 0 }],
    links: link.length === 0 ? [] : [{ ...NO_LINK, attributes: link }],
    ...intrinsics,
  }
}

const NO_LINK = {
  traceId: '0'.repeat(32),
  spanId: '0'.repeat(16),
  traceState: '',
  droppedAttributes: 0,
  flags: 0,
} as const

function seconds(value: unknown): number {
  return typeof value === 'number' ? value / 1e9 : (value as { seconds: number }).seconds
}

function attributeValue(call: string, first: unknown): AnyValue {
  const element = /^NewStatic(\w+)Array$/.exec(call)?.[1]
  if (element !== undefined) {
    return { kind: 'array', values: (first as unknown[]).map((one) => attributeValue(`NewStatic${element}`, one)) }
  }
  switch (call) {
    case 'NewStaticString':
      return { kind: 'string', value: first as string }
    case 'NewStaticInt':
      return { kind: 'int', value: BigInt(first as number) }
    case 'NewStaticFloat':
      return { kind: 'double', value: first as number }
    case 'NewStaticBool':
    case 'NewStaticBoolean':
      return { kind: 'bool', value: first as boolean }
    case 'NewStaticDuration':
      return { kind: 'int', value: BigInt(Math.round(seconds(first) * 1e9)) }
    case 'NewStaticStatus':
    case 'NewStaticKind':
      // No attribute is a status: its word stands for it.
      return { kind: 'string', value: (first as { id: string }).id }
    case 'NewStaticNil':
      return { kind: 'empty' }
    default:
      throw new Error(`cannot store ${call}`)
  }
}

/** A text and its tree: both printed by us, the tree with every operand in parentheses. */
function parseProblem(row: TraceqlRow): string {
  const text = row.in ?? row.query ?? ''
  const isField = /TestAttributes$|TestIntrinsics$|TestScopedIntrinsics$/.test(row.test)
  if (row.err !== undefined || row.shouldError === true) {
    const query = parseTraceql(isField ? `{ ${text} }` : text, TRACEQL_LIMITS)
    return query.ok ? `parsed: ${text}` : ''
  }
  const got = printed(isField ? `{ ${text} }` : text)
  const { expected } = row
  if (typeof expected === 'string') return equal(got, printed(expected))
  if (expected !== undefined && expected !== null) {
    const problem = equal(got, printed(queryText(expected, text.trimStart().startsWith('{') || isField)))
    if (problem !== '') return problem
  }
  const form = row.expectedStr ?? row.want
  return form === undefined ? '' : equal(got, printed(withoutLists(form)))
}

/** What upstream prints of comparisons with several values, which its language does not have: operator and what joins. */
const LIST_OPERATORS: Readonly<Record<string, readonly [string, string]>> = {
  IN: ['=', '||'],
  'NOT IN': ['!=', '&&'],
  'MATCH ANY': ['=~', '||'],
  'MATCH NONE': ['!~', '&&'],
}

/** `.a IN [`x`, `y`]` as it was before upstream rewrote it: `.a = `x` || .a = `y``. */
function withoutLists(form: string): string {
  return form.replace(/(\S+) ((?:NOT )?IN|MATCH ANY|MATCH NONE) \[([^\]]*)\]/g, (_, field, operator, list) => {
    const [sign, joint] = LIST_OPERATORS[operator as string] as readonly [string, string]
    return (list as string)
      .split(', ')
      .map((value) => `${field} ${sign} ${value}`)
      .join(` ${joint} `)
  })
}

/** The fields that upstream asks its storage for are the ones that we say a query speaks of. */
function conditionsProblem({ query = '', conditions = [] }: TraceqlRow): string {
  const { kind, ...rest } = parsed(query) as Extract<Query, { kind: 'search' }>
  if (kind !== 'search') return `want a query that selects spans: ${query}`
  const wanted = new Set(
    conditions
      .map(({ args = [] }) => fieldText(args[0] as Call))
      // Shown with every span, or made from all of them.
      .filter((field) => !field.startsWith('structural') && field !== 'duration' && field !== 'name')
      .map((field) => printed(`{ ${field} }`)),
  )
  const got = shownFields(rest.pipeline.stages).map((field) => `{ ${printField(field)} }`)
  return equal([...got].sort().join(' '), [...wanted].sort().join(' '))
}

function lenientProblem({ in: text = '', expected }: TraceqlRow): string {
  const query = parseLenient(text, TRACEQL_LIMITS)
  if (expected === undefined || expected === '' || expected === null) {
    return query.ok ? `parsed: ${printQuery(query.value)}` : ''
  }
  if (!query.ok) return query.error.message
  return typeof expected === 'string' ? equal(printQuery(query.value), printed(expected)) : 'want a text'
}
