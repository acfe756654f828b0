import {
  type AnyValue,
  attribute,
  type ByteRanges,
  compileRegex,
  FaultError,
  type Origin,
  SPAN_KINDS,
  type SpanColumns,
  type SpanCondition,
  type SpanScan,
  STATUS_CODES,
} from '@vantage/model'
import { allTokens } from '../files/tokens.ts'
import type { ColumnSet } from '../rows/column-set.ts'
import type { RowFilter } from './piece.ts'
import { isIdAt } from './row-ids.ts'
import type { ScanPart } from './scan-part.ts'

/** False promises that the row does not fulfil a condition. */
type RowTest = (columns: SpanColumns, origins: readonly Origin[], row: number) => boolean

/** Tests spans against what a scan tells: trace ids exactly, conditions as far as it is cheap. */
export class SpanFilter implements RowFilter<SpanColumns> {
  readonly parts: readonly ScanPart[]
  readonly #traceIds: ReadonlyMap<number, readonly Uint8Array[]> | undefined
  readonly #tests: readonly RowTest[]
  readonly #isAll: boolean

  constructor(scan: Pick<SpanScan, 'traceIds' | 'conditions' | 'isAll'>) {
    this.#traceIds = scan.traceIds === undefined ? undefined : byFirstWord(scan.traceIds)
    const tests = scan.conditions.map(testOf)
    this.#isAll = scan.isAll
    // One condition that cannot be told cheaply keeps every row, unless all must hold.
    const known = tests.filter((test) => test !== undefined)
    this.parts = [...(scan.traceIds === undefined ? [] : ['ids' as const]), ...scan.conditions.flatMap(partOf)]
    this.#tests = scan.isAll || known.length === tests.length ? known : []
  }

  mayHold(): boolean {
    return true
  }

  select(columns: SpanColumns, _set: ColumnSet, origins: readonly Origin[], all: Int32Array): Int32Array {
    if (this.#traceIds === undefined && this.#tests.length === 0) return all
    const rows = all.slice()
    let count = rows.length
    if (this.#traceIds !== undefined) count = filterTraces(columns.traceIds, this.#traceIds, rows, count)
    if (this.#tests.length > 0) count = this.#filterRows(columns, origins, rows, count)
    return rows.subarray(0, count)
  }

  #filterRows(columns: SpanColumns, origins: readonly Origin[], rows: Int32Array, count: number): number {
    const tests = this.#tests
    let kept = 0
    for (let i = 0; i < count; i++) {
      const row = rows[i] as number
      let isKept = this.#isAll
      for (let k = 0; k < tests.length && isKept === this.#isAll; k++) {
        isKept = (tests[k] as RowTest)(columns, origins, row)
      }
      if (isKept) rows[kept++] = row
    }
    return kept
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  )
}

function byFirstWord(ids: readonly Uint8Array[]): Map<number, Uint8Array[]> {
  return Map.groupBy(ids, (id) => wordAt(id, 0))
}

function filterTraces(
  ids: Uint8Array,
  wanted: ReadonlyMap<number, readonly Uint8Array[]>,
  rows: Int32Array,
  count: number,
): number {
  let kept = 0
  for (let i = 0; i < count; i++) {
    const row = rows[i] as number
    for (const id of wanted.get(wordAt(ids, row * 16)) ?? []) {
      if (!isIdAt(ids, row * 16, id)) continue
      rows[kept++] = row
      break
    }
  }
  return kept
}

/** @returns undefined where a test would cost more than the span */
function testOf(condition: SpanCondition): RowTest | undefined {
  const { field, op, value } = condition
  if (op === 'exists') return undefined
  if (field.scope === 'intrinsic') {
    if (field.name === 'duration') return durationTest(op, value)
    const holds = textTest(op, value)
    if (holds === undefined) return undefined
    switch (field.name) {
      case 'kind': {
        const verdicts = SPAN_KINDS.map(holds)
        return (columns, _origins, row) => verdicts[columns.kinds[row] as number] ?? true
      }
      case 'status': {
        const verdicts = STATUS_CODES.map(holds)
        return (columns, _origins, row) => verdicts[columns.statusCodes[row] as number] ?? true
      }
      case 'name':
        return rangeTest((columns) => columns.names, holds)
      case 'statusMessage':
        return rangeTest((columns) => columns.statusMessages, holds)
    }
  }
  if (field.scope !== 'resource' || op !== '=' || value.kind !== 'string') return undefined
  return (columns, origins, row) => isResource(origins, columns, row, field.name, value)
}

/** The columns that a condition looks at, where it is told from them. */
function partOf({ field }: SpanCondition): ScanPart[] {
  if (field.scope !== 'intrinsic') return []
  if (field.name === 'name') return ['line']
  return field.name === 'statusMessage' ? ['small'] : ['state']
}

/**
 * Words that every source with a wanted span holds, by its own attributes: of each condition that asks for a text, the
 * words of that text. None: nothing is known.
 */
export function wordsOf(scan: Pick<SpanScan, 'conditions' | 'isAll'>): number[] {
  if (!scan.isAll && scan.conditions.length !== 1) return []
  return scan.conditions.flatMap(({ field, op, value }) =>
    field.scope === 'span' && op === '=' && value.kind === 'string' ? allTokens(Buffer.from(value.value)) : [],
  )
}

function isResource(
  origins: readonly Origin[],
  columns: SpanColumns,
  row: number,
  name: string,
  value: AnyValue & { readonly kind: 'string' },
): boolean {
  const found = attribute((origins[columns.origins[row] as number] as Origin).resource, name)
  // Of a list, one element is enough.
  const all = found?.kind === 'array' ? found.values : found === undefined ? [] : [found]
  return all.some((one) => one.kind === 'string' && one.value === value.value)
}

function rangeTest(column: (columns: SpanColumns) => ByteRanges, holds: (text: string) => boolean): RowTest {
  // Names are few: each is looked at once.
  const known = new Map<string, boolean>()
  return (columns, _origins, row) => {
    const { bytes, from, to } = column(columns)
    const start = from[row] as number
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, (to[row] as number) - start).toString()
    let isHeld = known.get(text)
    if (isHeld === undefined) {
      isHeld = holds(text)
      if (known.size < KNOWN_TEXTS_MAX) known.set(text, isHeld)
    }
    return isHeld
  }
}

const KNOWN_TEXTS_MAX = 10_000

function textTest(op: SpanCondition['op'], value: AnyValue): ((text: string) => boolean) | undefined {
  if (value.kind !== 'string') return undefined
  const wanted = value.value
  if (op === '=') return (text) => text === wanted
  if (op === '!=') return (text) => text !== wanted
  if (op !== '=~' && op !== '!~') return undefined
  const regex = compileRegex(wanted)
  if (!regex.ok) throw new FaultError(regex.error)
  return op === '=~' ? regex.value : (text) => !regex.value(text)
}

function durationTest(op: SpanCondition['op'], value: AnyValue): RowTest | undefined {
  if (value.kind !== 'int') return undefined
  const wanted = value.value
  const holds = comparison(op, wanted)
  return holds === undefined ? undefined : (columns, _origins, row) => holds(durationOf(columns, row))
}

/** Clocks that disagree make no negative durations. */
export function durationOf({ startTimes, endTimes }: SpanColumns, row: number): bigint {
  const duration = (endTimes[row] as bigint) - (startTimes[row] as bigint)
  return duration > 0n ? duration : 0n
}

function comparison(op: SpanCondition['op'], wanted: bigint): ((duration: bigint) => boolean) | undefined {
  switch (op) {
    case '=':
      return (duration) => duration === wanted
    case '!=':
      return (duration) => duration !== wanted
    case '<':
      return (duration) => duration < wanted
    case '<=':
      return (duration) => duration <= wanted
    case '>':
      return (duration) => duration > wanted
    case '>=':
      return (duration) => duration >= wanted
    default:
      return undefined
  }
}
