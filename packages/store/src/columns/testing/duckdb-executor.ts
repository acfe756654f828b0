import { type DuckDBConnection, DuckDBInstance, type DuckDBValue } from '@duckdb/node-api'
import { type AnyValue, hexText, type LogScan, type SpanCondition, type SpanScan } from '@vantage/model'

const ATTRIBUTE = 'attributes.'
/** Marks of columns of a key that comes with several types. */
const TYPES = { string: ':string', int: ':int', double: ':double', bool: ':bool' } as const
const OPS = { '=': '=', '!=': '<>', '<': '<', '<=': '<=', '>': '>', '>=': '>=' } as const

type PlainOp = keyof typeof OPS

export interface StepGrid {
  readonly startNs: bigint
  readonly stepNs: bigint
  readonly steps: number
}

/** A column of a file: what the file calls it is looked up, never written into a statement. */
interface FileColumn {
  readonly place: number
  readonly name: string
  readonly type: string
}

/** One statement in the making: text of our own, values apart. */
class Statement {
  readonly values: Record<string, DuckDBValue> = {}
  readonly conditions: string[] = []
  #count = 0

  /** @returns how the text names the value */
  bind(value: DuckDBValue): string {
    const name = `p${this.#count++}`
    this.values[name] = value
    return `$${name}`
  }
}

/**
 * The second executor of scans: DuckDB over the files as they lie. Names and values that come from outside are bound or
 * looked up: the text of a statement is made of fixed parts and of numbers that this class counts.
 */
export class DuckDbExecutor {
  /** Every text that was run. */
  readonly texts = new Set<string>()
  readonly #connection: DuckDBConnection

  private constructor(connection: DuckDBConnection) {
    this.#connection = connection
  }

  static async open(): Promise<DuckDbExecutor> {
    const instance = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: '512MB' })
    return new DuckDbExecutor(await instance.connect())
  }

  close(): void {
    this.#connection.closeSync()
  }

  /** Times and lines of the rows of a scan, in no order. */
  async logRows(path: string, scan: LogScan): Promise<(readonly [bigint, string])[]> {
    const columns = await this.#columns(path)
    const statement = logStatement(columns, scan)
    const select = `epoch_ns(${own(columns, 'time')}) AS t, coalesce(${own(columns, 'body')}, '') AS line`
    const rows = await this.#run(path, columns, statement, select, '')
    return rows.map((row) => [row['t'] as bigint, row['line'] as string])
  }

  /** Rows by step (`(startNs + (i − 1) · stepNs, startNs + i · stepNs]`), service and severity text. */
  async logCounts(path: string, scan: LogScan, grid: StepGrid): Promise<Map<string, number>> {
    const columns = await this.#columns(path)
    const statement = logStatement(columns, scan)
    const [start, step] = [statement.bind(grid.startNs), statement.bind(grid.stepNs)]
    const steps = statement.bind(BigInt(grid.steps))
    // Exact: the difference is an integer, and its division is rounded up by hand.
    const distance = `(epoch_ns(${own(columns, 'time')})::HUGEINT - ${start}::HUGEINT)`
    const index = `(${distance} // ${step}::HUGEINT + CASE WHEN ${distance} % ${step}::HUGEINT > 0 THEN 1 ELSE 0 END)`
    const group = `${own(columns, 'service_name')} AS service, coalesce(${own(columns, 'severity_text')}, '') AS severity`
    statement.conditions.push(`${index} >= 0`, `${index} < ${steps}`)
    const select = `${index} AS step, ${group}, count(*) AS n`
    const rows = await this.#run(path, columns, statement, select, ' GROUP BY ALL')
    return new Map(rows.map((row) => [`${row['service']} ${row['severity']} ${row['step']}`, Number(row['n'])]))
  }

  /** Span ids of the spans that fulfil all conditions. */
  async spanIds(path: string, scan: SpanScan): Promise<string[]> {
    const columns = await this.#columns(path)
    const statement = spanStatement(columns, scan)
    const rows = await this.#run(path, columns, statement, `${own(columns, 'span_id')} AS id`, '')
    return rows.map((row) => (row['id'] as bigint).toString(16).padStart(16, '0'))
  }

  /** Count and exact quantiles of durations by service and name. */
  async durations(path: string, scan: SpanScan, quantiles: readonly number[]): Promise<Map<string, readonly bigint[]>> {
    const columns = await this.#columns(path)
    const statement = spanStatement(columns, scan)
    const duration = own(columns, 'duration_ns')
    const wanted = quantiles.map((one, i) => `quantile_disc(${duration}, ${statement.bind(one)}::DOUBLE) AS q${i}`)
    const group = `${own(columns, 'service_name')} AS service, coalesce(${own(columns, 'name')}, '') AS name`
    const select = [group, 'count(*) AS n', ...wanted].join(', ')
    const rows = await this.#run(path, columns, statement, select, ' GROUP BY service, name')
    return new Map(
      rows.map((row) => [
        `${row['service']} ${row['name']}`,
        [row['n'] as bigint, ...quantiles.map((_, i) => row[`q${i}`] as bigint)],
      ]),
    )
  }

  async #run(
    path: string,
    columns: readonly FileColumn[],
    statement: Statement,
    select: string,
    rest: string,
  ): Promise<Record<string, DuckDBValue>[]> {
    const names = columns.map((_, place) => `c${place}`).join(', ')
    const where = statement.conditions.length === 0 ? '' : ` WHERE ${statement.conditions.join(' AND ')}`
    const text = `SELECT ${select} FROM read_parquet(${statement.bind(path)}) AS t(${names})${where}${rest}`
    return this.#ask(text, statement.values)
  }

  async #ask(text: string, values: Record<string, DuckDBValue>): Promise<Record<string, DuckDBValue>[]> {
    this.texts.add(text)
    return (await this.#connection.runAndReadAll(text, values)).getRowObjects()
  }

  async #columns(path: string): Promise<FileColumn[]> {
    const text = 'SELECT name, type FROM parquet_schema($p0) WHERE num_children IS NULL'
    const rows = await this.#ask(text, { p0: path })
    return rows.map((row, place) => ({ place, name: row['name'] as string, type: row['type'] as string }))
  }
}

function own(columns: readonly FileColumn[], name: string): string {
  const found = columns.find((column) => column.name === name)
  if (found === undefined) throw new Error(`BUG: the file has no column ${name}`)
  return `c${found.place}`
}

function logStatement(columns: readonly FileColumn[], scan: LogScan): Statement {
  const statement = new Statement()
  const { conditions } = statement
  pushRange(columns, statement, 'time', scan)
  for (const { name, op, value } of scan.matchers) {
    if (name !== 'service_name' || (op !== '=' && op !== '!=')) throw new Error('BUG: only services are matched')
    conditions.push(`${own(columns, 'service_name')} ${OPS[op]} ${statement.bind(value)}`)
  }
  for (const { text, isWanted, isPattern } of scan.lineFilters) {
    const search = isPattern === true ? 'regexp_matches' : 'contains'
    const holds = `${search}(coalesce(${own(columns, 'body')}, ''), ${statement.bind(text)})`
    conditions.push(isWanted ? holds : `NOT ${holds}`)
  }
  if (scan.traceId !== undefined) conditions.push(traceCondition(columns, statement, scan.traceId))
  return statement
}

function spanStatement(columns: readonly FileColumn[], scan: SpanScan): Statement {
  const statement = new Statement()
  pushRange(columns, statement, 'start_time', scan)
  const { conditions } = statement
  for (const one of scan.conditions) conditions.push(spanCondition(columns, statement, one))
  if (scan.traceIds !== undefined) {
    conditions.push(`(${scan.traceIds.map((id) => traceCondition(columns, statement, id)).join(' OR ')})`)
  }
  return statement
}

function pushRange(
  columns: readonly FileColumn[],
  statement: Statement,
  column: string,
  { startNs, endNs }: { readonly startNs: bigint; readonly endNs: bigint },
): void {
  const time = `epoch_ns(${own(columns, column)})`
  statement.conditions.push(
    `${time} >= ${statement.bind(String(startNs))}::BIGINT`,
    `${time} < ${statement.bind(String(endNs))}::BIGINT`,
  )
}

function traceCondition(columns: readonly FileColumn[], statement: Statement, traceId: Uint8Array): string {
  const half = (from: number) => statement.bind(String(BigInt(`0x${hexText(traceId, from, from + 8)}`)))
  const [high, low] = [own(columns, 'trace_id_high'), own(columns, 'trace_id_low')]
  return `(${high} = ${half(0)}::UBIGINT AND ${low} = ${half(8)}::UBIGINT)`
}

function spanCondition(columns: readonly FileColumn[], statement: Statement, condition: SpanCondition): string {
  const { field, op, value } = condition
  const column = columnOf(columns, field, value)
  if (column === undefined) return 'false'
  if (op === 'exists') return `${column} IS NOT NULL`
  if (!Object.hasOwn(OPS, op)) throw new Error(`BUG: ${op} is not compared here`)
  return `${column} ${OPS[op as PlainOp]} ${statement.bind(boundValue(value))}`
}

/** Undefined: no row of the file has such a value in a column. */
function columnOf(columns: readonly FileColumn[], field: SpanCondition['field'], value: AnyValue): string | undefined {
  if (field.scope === 'intrinsic') return own(columns, field.name === 'duration' ? 'duration_ns' : 'name')
  const marked = value.kind in TYPES ? TYPES[value.kind as keyof typeof TYPES] : ''
  const wanted = { string: 'BYTE_ARRAY', int: 'INT64', double: 'DOUBLE', bool: 'BOOLEAN' }[value.kind as string]
  const name = `${ATTRIBUTE}${field.name}`
  const found = columns.find((one) => one.type === wanted && (one.name === `${name}${marked}` || one.name === name))
  return found === undefined ? undefined : `c${found.place}`
}

function boundValue(value: AnyValue): DuckDBValue {
  if (value.kind === 'string' || value.kind === 'int' || value.kind === 'double' || value.kind === 'bool')
    return value.value
  throw new Error(`BUG: ${value.kind} is not compared here`)
}
