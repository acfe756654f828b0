import type { QueryBudget } from '@vantage/model'
import { compileCondition } from '../evaluate/compile.ts'
import type { NamedValue } from '../evaluate/search.ts'
import { forEachField } from '../evaluate/span-fields.ts'
import type { SpanView } from '../evaluate/span-view.ts'
import { valueKey } from '../evaluate/value-text.ts'
import type { MetricsAggregate } from '../language/syntax.ts'
import type { TraceqlLimits } from '../limits.ts'
import { NIL, type Value } from '../value.ts'
import type { SpanAggregator } from './aggregate.ts'
import type { SpanGrid } from './grid.ts'
import type { MetricSeries } from './series.ts'

/** Distinct values of one attribute that `compare` tells apart. */
const VALUES_MAX = 1_000

type Side = 'baseline' | 'selection'

interface Counted {
  readonly value: Value
  readonly counts: Float64Array
  total: number
}

/** One attribute on one side. */
interface Tally {
  readonly name: string
  readonly side: Side
  readonly values: Map<string, Counted>
  readonly totals: Float64Array
  isOverfull: boolean
}

/**
 * Counts the values of every attribute twice: of the spans that a filter selects and of all others. For each attribute
 * and side there are series of the most frequent values and one of all its spans.
 * Source: grafana/tempo docs/sources/tempo/traceql/metrics-queries/functions.md, "compare".
 */
export class CompareAggregator implements SpanAggregator {
  readonly fields = undefined
  readonly #tallies = new Map<string, Tally>()
  readonly #aggregate: Extract<MetricsAggregate, { kind: 'compare' }>
  readonly #isSelected: (span: SpanView) => boolean
  readonly #grid: SpanGrid
  readonly #budget: QueryBudget

  constructor(
    aggregate: Extract<MetricsAggregate, { kind: 'compare' }>,
    grid: SpanGrid,
    limits: TraceqlLimits,
    budget: QueryBudget,
  ) {
    this.#aggregate = aggregate
    this.#grid = grid
    this.#budget = budget
    this.#isSelected = compileCondition(aggregate.selection, limits.regexCharsMax)
  }

  observe(span: SpanView, step: number): void {
    const { range } = this.#aggregate
    const isInRange = range === undefined || (span.startNs >= range.startNs && span.startNs < range.endNs)
    const side: Side = isInRange && this.#isSelected(span) ? 'selection' : 'baseline'
    forEachField(span, (name, value) => this.#count(side, name, value, step))
  }

  finish(): MetricSeries[] {
    return [...this.#tallies.values()].flatMap((tally) => [...this.#topSeries(tally), totalSeries(tally)])
  }

  #count(side: Side, name: string, value: Value, step: number): void {
    if (value.kind === 'map' || value.kind === 'array' || value.kind === 'bytes' || value.kind === 'empty') return
    const tally = this.#tally(side, name)
    tally.totals[step] = (tally.totals[step] as number) + 1
    const key = valueKey(value)
    let counted = tally.values.get(key)
    if (counted === undefined) {
      if (tally.values.size >= VALUES_MAX) {
        tally.isOverfull = true
        return
      }
      this.#budget.chargeSamples(this.#grid.steps)
      counted = { value, counts: new Float64Array(this.#grid.steps), total: 0 }
      tally.values.set(key, counted)
    }
    counted.counts[step] = (counted.counts[step] as number) + 1
    counted.total++
  }

  #tally(side: Side, name: string): Tally {
    const key = `${side} ${name}`
    let tally = this.#tallies.get(key)
    if (tally === undefined) {
      this.#budget.chargeSeries(1)
      tally = { name, side, values: new Map(), totals: new Float64Array(this.#grid.steps), isOverfull: false }
      this.#tallies.set(key, tally)
    }
    return tally
  }

  #topSeries({ name, side, values, isOverfull }: Tally): MetricSeries[] {
    // Of equal ones the first by its text: spans come in any order.
    const byTotal = [...values].sort(([x, a], [y, b]) => b.total - a.total || (x < y ? -1 : 1))
    const top = byTotal.slice(0, this.#aggregate.top).map(([, one]) => one)
    const note: NamedValue[] = isOverfull ? [{ name: '__meta_error', value: text('__too_many_values__') }] : []
    return top.map(({ value, counts }) => ({
      labels: [{ name: '__meta_type', value: text(side) }, ...note, { name, value }],
      values: counts,
      exemplars: [],
    }))
  }
}

function totalSeries({ name, side, totals }: Tally): MetricSeries {
  return {
    labels: [
      { name: '__meta_type', value: text(`${side}_total`) },
      { name, value: NIL },
    ],
    values: totals,
    exemplars: [],
  }
}

function text(value: string): Value {
  return { kind: 'string', value }
}
