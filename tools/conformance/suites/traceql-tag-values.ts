import { type Attribute, NO_ORIGIN } from '../../../packages/model/src/index.ts'
import { MemorySpans, unlimitedBudget } from '../../../packages/model/src/testing/index.ts'
import { plainText, TRACEQL_LIMITS, tagValues } from '../../../packages/query/src/traceql/index.ts'

/** A row that asks for the values of a field: its spans are not in the table, so they are ours. */
export interface TagValuesRow {
  readonly name?: string
  readonly query?: string
  readonly attribute?: string
  readonly expectedValues?: readonly { readonly Value: string }[]
}

/** Name, method and target of the spans that the rows speak of. */
const SPANS = [
  ['HTTP GET /status', 'GET', '/status'],
  ['HTTP POST /api/v1/users', 'POST', '/api/v1/users'],
  ['redis call', '', ''],
] as const

/** This row alone speaks of another span. */
const ROW_OF_FOO = 'noop'

export function tagValuesProblem({ name, query = '', attribute = '', expectedValues = [] }: TagValuesRow): string {
  const spans = name === ROW_OF_FOO ? [...SPANS, ['foo', '', ''] as const] : SPANS
  const memory = new MemorySpans()
  for (const [i, [spanName, method, target]] of spans.entries()) {
    memory.append('default', {
      traceId: '1'.padStart(32, '0'),
      spanId: String(i + 1).padStart(16, '0'),
      startNs: 1n,
      endNs: 2n,
      name: spanName,
      attributes: method === '' ? [] : [text('http.method', method), text('http.target', target)],
      origin: { ...NO_ORIGIN, resource: [text('service.name', 'my-service')] },
    })
  }
  const request = { tag: attribute, query, limit: 100, startNs: 0n, endNs: 10n }
  const found = tagValues(request, 'default', memory, unlimitedBudget, TRACEQL_LIMITS)
  if (!found.ok) return found.error.message
  const [got, want] = [found.value.map(plainText), expectedValues.map(({ Value }) => Value)].map(sorted)
  return got === want ? '' : `want ${want}, got ${got}`
}

function text(key: string, value: string): Attribute {
  return { key, value: { kind: 'string', value } }
}

function sorted(texts: readonly string[]): string {
  return JSON.stringify([...texts].sort())
}
