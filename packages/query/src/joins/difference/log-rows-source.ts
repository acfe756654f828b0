import {
  type CompiledMatcher,
  compileMatcher,
  err,
  type Fault,
  FaultError,
  fault,
  type Labels,
  type LogReader,
  labelValue,
  type Matcher,
  type NsRange,
  ok,
  type QueryBudget,
  type Result,
  type TenantId,
} from '@vantage/model'
import { pushedFilters, requiredLabels } from '../../logql/evaluate/pipeline.ts'
import { RowFilter } from '../../logql/evaluate/streams.ts'
import { parseLogql } from '../../logql/language/parser.ts'
import type { Selector } from '../../logql/language/plan.ts'
import { LOGQL_LIMITS } from '../../logql/limits.ts'
import type { Row } from '../../logql/stages/row.ts'
import { cutText } from '../sections.ts'
import { type DifferenceCounter, SIDE } from './counter.ts'
import type { DifferenceRequest, DifferenceSource, ReadOutcome, Sides } from './difference.ts'
import { DIFFERENCE_LIMITS } from './limits.ts'

const CHECK_EVERY_ROWS = 1_024
/** Labels that tell each row from all others. */
const UNIQUE: ReadonlySet<string> = new Set(['trace_id', 'span_id', 'observed_timestamp'])
const PARSERS: ReadonlySet<string> = new Set(['json', 'logfmt', 'pattern', 'regexp', 'unpack'])
/** Texts that stay the same as numbers. */
const NUMBER = /^(?:0|-?[1-9]\d{0,14})(?:\.\d{0,8}[1-9])?$/
const ALL: Selector = { kind: 'selector', matchers: [], stages: [] }

/** Compares rows of logs by the labels of their streams, their metadata, and what the query's parsers find. */
export class LogRowsSource implements DifferenceSource {
  readonly #query: Selector
  readonly #scope: Selector
  readonly #tenant: TenantId
  readonly #reader: LogReader
  readonly #named: ReadonlySet<string>

  private constructor(query: Selector, scope: Selector, tenant: TenantId, reader: LogReader) {
    this.#query = query
    this.#scope = scope
    this.#tenant = tenant
    this.#reader = reader
    this.#named = new Set([
      ...query.matchers.map(({ name }) => name),
      ...(requiredLabels(query.stages, undefined, undefined) ?? []),
    ])
  }

  /**
   * A query that filters lines is held against the other lines of its streams, one that does not against all streams;
   * what its parsers find is compared too.
   */
  static open({ query, scope }: DifferenceRequest, tenant: TenantId, reader: LogReader): Result<LogRowsSource, Fault> {
    const chosen = query === '' ? ok(ALL) : selectorOf(query)
    if (!chosen.ok) return chosen
    const { matchers, stages } = chosen.value
    const parsers = stages.filter(({ kind }) => PARSERS.has(kind))
    const beside: Selector = { ...ALL, matchers: stages.length > 0 ? matchers : [], stages: parsers }
    const within = scope === '' ? ok(beside) : selectorOf(scope)
    return within.ok ? ok(new LogRowsSource(chosen.value, within.value, tenant, reader)) : within
  }

  isNamed(attribute: string): boolean {
    return this.#named.has(attribute)
  }

  /** Newest first. */
  read(range: NsRange, sides: Sides, counter: DifferenceCounter, budget: QueryBudget): ReadOutcome {
    const context = { limits: LOGQL_LIMITS, nowNs: 0n, detectsLevels: true }
    const scope = new RowFilter(this.#scope, context)
    const query = new RowFilter(this.#query, context)
    const matchers = this.#query.matchers.map(compiled)
    const { matchers: streams, stages } = this.#scope
    const scan = { ...range, matchers: streams, lineFilters: pushedFilters(stages), direction: 'backward' } as const
    let rows = 0
    for (const block of this.#reader.scan(this.#tenant, scan, budget)) {
      const isStream = block.streams.map((labels) => matchers.every((one) => one.matches(labelOf(labels, one))))
      for (const at of block.rows) {
        if (rows >= DIFFERENCE_LIMITS.rowsMax) {
          return { rows, cuts: [{ limit: 'rowsMax', message: cutText('newest', rows, 'rows') }] }
        }
        if (rows++ % CHECK_EVERY_ROWS === 0) budget.check()
        const isWanted = isStream[block.columns.origins[at] as number] === true && query.take(block, at)
        const side = isWanted ? sides.wanted : sides.other
        if (side === SIDE.none || !scope.take(block, at)) continue
        // The labels of the scope: what other stages of the query make is on one side alone.
        addLabels(scope.row, counter.addUnit(side), counter)
      }
    }
    return { rows, cuts: [] }
  }
}

function labelOf(labels: Labels, { matcher }: CompiledMatcher): string {
  return labelValue(labels, matcher.name)
}

function addLabels(row: Row, unit: number, counter: DifferenceCounter): void {
  for (let i = 0; i < row.count; i++) {
    const name = row.names[i] as string
    if (UNIQUE.has(name)) continue
    const text = row.values[i] as string
    counter.add(
      unit,
      name,
      NUMBER.test(text) ? { kind: 'double', value: Number(text) } : { kind: 'string', value: text },
    )
  }
}

function selectorOf(text: string): Result<Selector, Fault> {
  const plan = parseLogql(text)
  if (!plan.ok) return plan
  if (plan.value.kind === 'selector') return ok(plan.value)
  return err(fault('bad_request', 'LogQL: want a log query, got a metric query'))
}

function compiled(matcher: Matcher): CompiledMatcher {
  const ready = compileMatcher(matcher)
  if (!ready.ok) throw new FaultError(ready.error)
  return ready.value
}
