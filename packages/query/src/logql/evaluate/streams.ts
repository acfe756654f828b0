import { compareLabels, FaultError, fault, type Labels, type LogBlock, labelsKey, type NsRange } from '@vantage/model'
import type { Selector } from '../language/plan.ts'
import { Row, SOURCE } from '../stages/row.ts'
import { BlockRows } from './block-rows.ts'
import { type Context, chargeRow, chargeSeries } from './context.ts'
import { asksForErrors, Pipeline, pushedFilters, pushedTraceId, requiredLabels } from './pipeline.ts'

/** A row of an answer. */
export interface StreamEntry {
  readonly timeNs: bigint
  readonly line: string
  readonly metadata: Labels
  readonly parsed: Labels
}

/** Rows with the same labels, in the order of the scan. */
export interface Stream {
  readonly labels: Labels
  readonly entries: StreamEntry[]
}

export interface StreamsRequest {
  readonly range: NsRange
  readonly direction: 'forward' | 'backward'
  /** Rows of the answer, at least 1. */
  readonly limit: number
  /** At least this long between two rows of a stream; 0 = all. */
  readonly intervalNs: bigint
}

/** A selector that is ready for rows: what live tailing and queries share. */
export class RowFilter {
  readonly row = new Row()
  readonly #rows: BlockRows
  readonly #pipeline: Pipeline

  constructor(selector: Selector, context: Pick<Context, 'limits' | 'nowNs' | 'detectsLevels'>) {
    const preservesErrors = asksForErrors(requiredLabels(selector.stages, undefined, undefined))
    const options = { needsNoLabels: false, preservesErrors, nowNs: context.nowNs }
    this.#pipeline = new Pipeline(selector.stages, context.limits, options)
    this.#rows = new BlockRows(undefined, context.detectsLevels)
  }

  /** Puts a row of a block into `row`. @returns false where it is not wanted */
  take(block: LogBlock, at: number): boolean {
    const { row } = this
    this.#rows.start(row, block, at)
    if (!this.#pipeline.wants(row)) return false
    this.#rows.addMetadata(row, block, at)
    return this.#pipeline.run(row)
  }
}

/** Rows that pass the pipeline, up to the limit, grouped by their labels; groups in the order of their labels. */
export function selectStreams(selector: Selector, request: StreamsRequest, context: Context): Stream[] {
  const { limits, reader, tenant, budget } = context
  if (request.limit > limits.rowsMax) {
    const message = `max entries limit per query exceeded, limit > max_entries_limit_per_query (${request.limit} > ${limits.rowsMax})`
    throw new FaultError(fault('bad_request', message, { reason: 'bad_data', limit: 'query.maxLogRows' }))
  }
  const filter = new RowFilter(selector, context)
  const streams = new Streams(request.intervalNs, context)
  const scan = {
    ...request.range,
    matchers: selector.matchers,
    lineFilters: pushedFilters(selector.stages),
    ownTraceId: pushedTraceId(selector.stages),
    direction: request.direction,
  }
  for (const block of reader.scan(tenant, scan, budget)) {
    for (let i = 0; i < block.rows.length && streams.rows < request.limit; i++) {
      const at = block.rows[i] as number
      chargeRow(context, block, at)
      if (filter.take(block, at)) streams.add(filter.row)
    }
    if (streams.rows >= request.limit) break
  }
  return streams.sorted()
}

/** Streams by their labels, while rows come in. */
export class StreamGroups {
  readonly #byKey = new Map<string, Stream>()

  get count(): number {
    return this.#byKey.size
  }

  /** The stream that a row belongs to; made where it is not known. */
  of(row: Row): Stream {
    const labels = row.labels()
    const key = labelsKey(labels)
    const known = this.#byKey.get(key)
    if (known !== undefined) return known
    const stream = { labels, entries: [] }
    this.#byKey.set(key, stream)
    return stream
  }

  add(row: Row): void {
    this.of(row).entries.push(entryOf(row))
  }

  sorted(): Stream[] {
    return [...this.#byKey.values()].sort((a, b) => compareLabels(a.labels, b.labels))
  }
}

function entryOf(row: Row): StreamEntry {
  const { line, timeNs } = row
  return { timeNs, line, metadata: row.labelsOf(SOURCE.metadata), parsed: row.labelsOf(SOURCE.parsed) }
}

/** Streams of an answer: bounded, and with the interval that was asked for. */
class Streams {
  rows = 0
  readonly #groups = new StreamGroups()
  readonly #intervalNs: bigint
  readonly #context: Context

  constructor(intervalNs: bigint, context: Context) {
    this.#intervalNs = intervalNs
    this.#context = context
  }

  add(row: Row): void {
    const known = this.#groups.count
    const stream = this.#groups.of(row)
    if (this.#groups.count > known) chargeSeries(this.#context, this.#groups.count)
    if (this.#isTooClose(stream, row.timeNs)) return
    stream.entries.push(entryOf(row))
    this.#context.budget.chargeBytes(row.line.length)
    this.#context.stats.rowsKept++
    this.rows++
  }

  #isTooClose({ entries }: Stream, timeNs: bigint): boolean {
    const last = entries.at(-1)
    if (last === undefined || this.#intervalNs === 0n) return false
    const apartNs = timeNs > last.timeNs ? timeNs - last.timeNs : last.timeNs - timeNs
    return apartNs < this.#intervalNs
  }

  sorted(): Stream[] {
    return this.#groups.sorted()
  }
}
