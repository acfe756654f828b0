import { encodeAttributes, encodeValue } from '../attribute-codec.ts'
import { type AnyValue, type Attributes, NO_ATTRIBUTES, valueText } from '../attributes.ts'
import { FaultError } from '../fault.ts'
import { hexBytes } from '../ids.ts'
import { compareLabels, type Labels, labelsEqual, labelsFrom, labelsKey, labelValue } from '../labels.ts'
import { BODY_KIND, LogBatch } from '../log-batch.ts'
import type { LineFilter, LogBlock, LogCounts, LogReader, LogScan, NsRange, RangeCuts } from '../log-reader.ts'
import { type CompiledMatcher, compileMatcher, type Matcher } from '../matcher.ts'
import { NO_ORIGIN, type Origin, streamLabels } from '../origin.ts'
import type { QueryBudget } from '../reader.ts'
import { compileSearch } from '../search-pattern.ts'
import type { TenantId } from '../tenant.ts'

/** A row of logs as tests write it; what is left out is absent. */
export interface MemoryLogRow {
  readonly timeNs: bigint
  readonly origin: Origin
  /** Text as it is, or any value. */
  readonly body?: string | AnyValue
  readonly attributes?: Attributes
  readonly severity?: number
  readonly severityText?: string
  readonly observedTimeNs?: bigint
  readonly flags?: number
  /** Hex. */
  readonly traceId?: string
  /** Hex. */
  readonly spanId?: string
}

interface StoredRow extends MemoryLogRow {
  readonly stream: Labels
  readonly line: string
}

/** Rows of a block: small, so that tests cross block edges. */
const BLOCK_ROWS = 16
const encoder = new TextEncoder()

/** The simplest correct log store: the referee of the real one and the stage that query tests run on. */
export class MemoryLogs implements LogReader {
  readonly #tenants = new Map<TenantId, StoredRow[]>()

  append(tenant: TenantId, row: MemoryLogRow): void {
    const rows = this.#tenants.get(tenant) ?? []
    this.#tenants.set(tenant, rows)
    let at = rows.length
    while (at > 0 && (rows[at - 1] as StoredRow).timeNs > row.timeNs) at--
    const { body } = row
    const line = body === undefined ? '' : typeof body === 'string' ? body : valueText(body)
    rows.splice(at, 0, { ...row, stream: streamLabels(row.origin), line })
  }

  /** A row as Loki's push has it: labels of a stream, a line, structured metadata. */
  appendLine(
    tenant: TenantId,
    labels: Readonly<Record<string, string>>,
    timeNs: bigint,
    line: string,
    metadata: Readonly<Record<string, string>> = {},
  ): void {
    const resource = textAttributes(labels)
    const attributes = textAttributes(metadata)
    this.append(tenant, { timeNs, origin: { ...NO_ORIGIN, resource, kind: 'labels' }, body: line, attributes })
  }

  *scan(tenant: TenantId, scan: LogScan, budget: QueryBudget): Iterable<LogBlock> {
    const found = this.#select(tenant, scan)
    if (scan.direction === 'backward') found.reverse()
    for (let from = 0; from < found.length; from += BLOCK_ROWS) {
      budget.check()
      const rows = found.slice(from, from + BLOCK_ROWS)
      budget.chargeBytes(rows.reduce((sum, row) => sum + row.line.length, 0))
      yield blockOf(rows)
    }
  }

  cuts(tenant: TenantId, { startNs, endNs }: NsRange, runs: number): RangeCuts {
    const times = (this.#tenants.get(tenant) ?? []).map(({ timeNs }) => timeNs)
    const within = times.filter((timeNs) => timeNs > startNs && timeNs < endNs)
    const each = Math.max(1, Math.floor(within.length / runs))
    const cutsNs = within.filter((timeNs, i) => i % each === 0 && i > 0 && timeNs !== within[i - each])
    return { rows: times.length, cutsNs: cutsNs.slice(0, runs - 1) }
  }

  streams(tenant: TenantId, matcherSets: readonly (readonly Matcher[])[], range: NsRange): Labels[] {
    const sets = matcherSets.map(compileAll)
    const found = new Map<string, Labels>()
    for (const { timeNs, stream } of this.#tenants.get(tenant) ?? []) {
      if (timeNs < range.startNs || timeNs >= range.endNs) continue
      if (sets.length > 0 && !sets.some((set) => matchesAll(set, stream))) continue
      found.set(labelsKey(stream), stream)
    }
    return [...found.values()].sort(compareLabels)
  }

  count(
    tenant: TenantId,
    scan: LogScan,
    what: 'rows' | 'bytes',
    by: readonly string[],
    grid: { readonly startNs: bigint; readonly stepNs: bigint; readonly steps: number },
  ): LogCounts[] {
    const groups: LogCounts[] = []
    for (const row of this.#select(tenant, scan)) {
      // The least i with timeNs <= startNs + i * stepNs.
      const behind = row.timeNs - grid.startNs
      const step = behind <= 0n ? 0 : Number((behind + grid.stepNs - 1n) / grid.stepNs)
      if (step >= grid.steps || behind <= -grid.stepNs) continue
      const labels = labelsFrom(
        by.map((name) => [name, name === 'severity' ? (row.severityText ?? '') : labelValue(row.stream, name)]),
      )
      let group = groups.find((one) => labelsEqual(one.labels, labels))
      if (group === undefined) {
        group = { labels, values: new Float64Array(grid.steps) }
        groups.push(group)
      }
      group.values[step] = (group.values[step] as number) + (what === 'rows' ? 1 : encoder.encode(row.line).length)
    }
    return groups.sort((a, b) => compareLabels(a.labels, b.labels))
  }

  #select(tenant: TenantId, scan: LogScan): StoredRow[] {
    const matchers = compileAll(scan.matchers)
    return (this.#tenants.get(tenant) ?? []).filter((row) => {
      if (row.timeNs < scan.startNs || row.timeNs >= scan.endNs) return false
      if (!isId(row.traceId, scan.traceId) || !isId(row.spanId, scan.spanId)) return false
      if (!scan.lineFilters.every((one) => holds(row.line, one) === one.isWanted)) return false
      return matchesAll(matchers, row.stream)
    })
  }
}

function holds(line: string, { text, isPattern }: LineFilter): boolean {
  if (isPattern !== true) return line.includes(text)
  const compiled = compileSearch(text)
  if (!compiled.ok) throw new FaultError(compiled.error)
  return compiled.value.test(line)
}

function isId(id: string | undefined, wanted: Uint8Array | undefined): boolean {
  if (wanted === undefined) return true
  return id?.toLowerCase() === [...wanted].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

function textAttributes(record: Readonly<Record<string, string>>): Attributes {
  return Object.entries(record).map(([key, value]) => ({ key, value: { kind: 'string', value } }))
}

function compileAll(matchers: readonly Matcher[]): CompiledMatcher[] {
  return matchers.map((matcher) => {
    const compiled = compileMatcher(matcher)
    if (!compiled.ok) throw new FaultError(compiled.error)
    return compiled.value
  })
}

function matchesAll(matchers: readonly CompiledMatcher[], stream: Labels): boolean {
  return matchers.every((one) => one.matches(labelValue(stream, one.matcher.name)))
}

/** Lays rows out in columns; each text in bytes of its own column. */
function blockOf(rows: readonly StoredRow[]): LogBlock {
  const batch = new LogBatch()
  const { columns } = batch
  const origins: Origin[] = []
  for (const row of rows) {
    if (!origins.includes(row.origin)) origins.push(row.origin)
    const at = batch.addRow(origins.indexOf(row.origin))
    columns.times[at] = row.timeNs
    columns.observedTimes[at] = row.observedTimeNs ?? 0n
    columns.severities[at] = row.severity ?? 0
    columns.flags[at] = row.flags ?? 0
    columns.traceIds.set(hexBytes(row.traceId ?? '', 16) ?? new Uint8Array(16), at * 16)
    columns.spanIds.set(hexBytes(row.spanId ?? '', 8) ?? new Uint8Array(8), at * 8)
    if (row.body !== undefined) columns.bodyKinds[at] = typeof row.body === 'string' ? BODY_KIND.text : BODY_KIND.value
  }
  fill(
    columns.bodies,
    rows.map(({ body }) => (body === undefined || typeof body === 'string' ? encoder.encode(body) : encodeValue(body))),
  )
  fill(
    columns.severityTexts,
    rows.map((row) => encoder.encode(row.severityText)),
  )
  fill(
    columns.attributes,
    rows.map((row) => encodeAttributes(row.attributes ?? NO_ATTRIBUTES)),
  )
  return {
    columns,
    rows: Int32Array.from(rows, (_, i) => i),
    origins,
    streams: origins.map(streamLabels),
  }
}

function fill(
  ranges: { bytes: Uint8Array; set(row: number, from: number, to: number): void },
  parts: readonly Uint8Array[],
): void {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (let row = 0; row < parts.length; row++) {
    const part = parts[row] as Uint8Array
    bytes.set(part, at)
    ranges.set(row, at, at + part.length)
    at += part.length
  }
  ranges.bytes = bytes
}
