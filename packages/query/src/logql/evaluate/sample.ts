import {
  compareLabels,
  err,
  type Fault,
  FaultError,
  fault,
  type LogReader,
  ok,
  type QueryBudget,
  type Result,
  type TenantId,
} from '@vantage/model'
import { parseLogql } from '../language/parser.ts'
import { parseBytes, parseFloatText, parseGoDuration } from '../language/units.ts'
import { LOGQL_LIMITS } from '../limits.ts'
import { PatternMiner, type Template } from '../patterns/miner.ts'
import { compileStage } from '../stages/compile.ts'
import { ERROR_LABEL, type Row, SOURCE } from '../stages/row.ts'
import { ALL_LABELS } from '../stages/stage.ts'
import { type Context, chargeRow } from './context.ts'
import { pushedFilters } from './pipeline.ts'
import { RowFilter } from './streams.ts'

/** Which rows are looked at, newest first. Times are unix ns, [startNs, endNs). */
export interface SampleRequest {
  /** A log query: its pipeline is applied. */
  readonly query: string
  readonly startNs: bigint
  readonly endNs: bigint
  readonly rowsMax: number
}

/** Passes the rows that a log query selects, up to the limit. */
function forEachRow(
  request: SampleRequest,
  tenant: TenantId,
  reader: LogReader,
  budget: QueryBudget,
  take: (row: Row) => void,
): Result<void, Fault> {
  const parsed = parseLogql(request.query)
  if (!parsed.ok) return parsed
  const plan = parsed.value
  if (plan.kind !== 'selector') return err(fault('bad_request', 'want a log query, got a metric query'))
  const stats = { rowsRead: 0, bytesRead: 0, rowsKept: 0 }
  const context: Context = { tenant, reader, budget, limits: LOGQL_LIMITS, nowNs: 0n, detectsLevels: true, stats }
  try {
    const filter = new RowFilter(plan, context)
    const { startNs, endNs } = request
    const lineFilters = pushedFilters(plan.stages)
    const scan = { startNs, endNs, matchers: plan.matchers, lineFilters, direction: 'backward' } as const
    for (const block of reader.scan(tenant, scan, budget)) {
      for (let i = 0; i < block.rows.length; i++) {
        if (stats.rowsKept >= request.rowsMax) return ok(undefined)
        const at = block.rows[i] as number
        chargeRow(context, block, at)
        if (!filter.take(block, at)) continue
        stats.rowsKept++
        take(filter.row)
      }
    }
    return ok(undefined)
  } catch (error) {
    if (error instanceof FaultError) return err(error.fault)
    throw error
  }
}

export interface LevelTemplates {
  readonly level: string
  readonly templates: readonly Template[]
}

/** Templates of the lines that a query selects, for each level apart. @param stepNs width of the counts */
export function minePatterns(
  request: SampleRequest,
  stepNs: bigint,
  tenant: TenantId,
  reader: LogReader,
  budget: QueryBudget,
): Result<LevelTemplates[], Fault> {
  const miners = new Map<string, PatternMiner>()
  const done = forEachRow(request, tenant, reader, budget, (row) => {
    const level = row.get('detected_level') ?? 'unknown'
    const miner = miners.get(level) ?? new PatternMiner()
    miners.set(level, miner)
    miner.add(row.line, row.timeNs - (row.timeNs % stepNs))
  })
  if (!done.ok) return done
  return ok([...miners].map(([level, miner]) => ({ level, templates: miner.templates() })))
}

export type FieldType = 'string' | 'int' | 'float' | 'boolean' | 'duration' | 'bytes'

/** A field that rows have: a label of theirs, or what a parser finds in their lines. */
export interface DetectedField {
  readonly label: string
  readonly type: FieldType
  readonly values: ReadonlySet<string>
  /** Parsers that find it; none for metadata. */
  readonly parsers: ReadonlySet<'json' | 'logfmt'>
}

/** Distinct values of one field that are remembered. */
const VALUES_MAX = 1_000
/** Fields that are remembered. */
const FIELDS_MAX = 1_000

interface GrowingField {
  type: FieldType
  readonly values: Set<string>
  readonly parsers: Set<'json' | 'logfmt'>
}

/** Fields of the rows that a query selects: metadata, labels of its pipeline, members of JSON and keys of logfmt. */
export function detectFields(
  request: SampleRequest,
  tenant: TenantId,
  reader: LogReader,
  budget: QueryBudget,
): Result<DetectedField[], Fault> {
  const fields = new Map<string, GrowingField>()
  const json = compileStage({ kind: 'json', extractions: [] }, LOGQL_LIMITS, ALL_LABELS)
  const logfmt = compileStage(
    { kind: 'logfmt', isStrict: false, keepsEmpty: false, extractions: [] },
    LOGQL_LIMITS,
    ALL_LABELS,
  )
  const done = forEachRow(request, tenant, reader, budget, (row) => {
    note(fields, row, undefined)
    const before = row.count
    const parser = row.line.trimStart().startsWith('{') ? 'json' : 'logfmt'
    if (parser === 'json') json(row)
    else logfmt(row)
    note(fields, row, parser, before)
  })
  if (!done.ok) return done
  const found = [...fields].map(([label, field]) => ({ label, ...field }))
  return ok(found.sort((a, b) => compareLabels([a.label], [b.label])))
}

function note(fields: Map<string, GrowingField>, row: Row, parser: 'json' | 'logfmt' | undefined, from = 0): void {
  for (let i = from; i < row.count; i++) {
    const name = row.names[i] as string
    if (row.sources[i] === SOURCE.stream || name === '' || name.startsWith(ERROR_LABEL)) continue
    const value = row.values[i] as string
    let field = fields.get(name)
    if (field === undefined) {
      if (fields.size >= FIELDS_MAX) continue
      field = { type: typeOf(value), values: new Set(), parsers: new Set() }
      fields.set(name, field)
    } else if (field.type !== 'string' && !field.values.has(value)) field.type = widened(field.type, typeOf(value))
    if (field.values.size < VALUES_MAX) field.values.add(value)
    if (parser !== undefined) field.parsers.add(parser)
  }
}

function typeOf(value: string): FieldType {
  if (/^-?\d{1,18}$/.test(value)) return 'int'
  if (value === 'true' || value === 'false') return 'boolean'
  if (/^[-\d.]/.test(value)) {
    if (parseFloatText(value).ok) return 'float'
    if (parseGoDuration(value).ok) return 'duration'
    if (parseBytes(value).ok) return 'bytes'
  }
  return 'string'
}

/** The type that both have; whole numbers are numbers too. */
function widened(a: FieldType, b: FieldType): FieldType {
  if (a === b) return a
  const isNumber = (type: FieldType): boolean => type === 'int' || type === 'float'
  return isNumber(a) && isNumber(b) ? 'float' : 'string'
}
