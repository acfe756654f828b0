import { type QueryBudget, unreachable } from '@vantage/model'
import { readerOf } from '../evaluate/fields.ts'
import type { NamedValue } from '../evaluate/search.ts'
import type { SpanView } from '../evaluate/span-view.ts'
import { valueKey } from '../evaluate/value-text.ts'
import { printField } from '../language/print.ts'
import type { Field, MetricsAggregate } from '../language/syntax.ts'
import { isNumeric, type Value } from '../value.ts'
import type { SpanGrid } from './grid.ts'
import { GroupBook } from './group-book.ts'
import { type Exemplar, METRIC_NAME, type MetricSeries } from './series.ts'
import { QuantileSketch } from './sketch.ts'

/** Takes spans one by one and makes series of them. */
export interface SpanAggregator {
  /** What it looks at of spans; undefined = everything. */
  readonly fields: readonly Field[] | undefined
  observe(span: SpanView, step: number): void
  finish(): MetricSeries[]
}

type CountAggregate = Extract<MetricsAggregate, { kind: 'count' }>
type OverTimeAggregate = Extract<MetricsAggregate, { kind: 'over-time' }>

interface Group {
  readonly labels: readonly NamedValue[]
  readonly cells: Cells
  readonly exemplars: Exemplar[]
  /** 1 where an interval has one. */
  readonly hasExemplar: Uint8Array
}

/** What is kept of a group by interval. */
interface Cells {
  add(step: number, value: number): void
  /** Series by the labels that they have beside the group's. */
  finish(): { readonly labels: readonly NamedValue[]; readonly values: Float64Array }[]
}

/** Spans by the values of fields. Durations are seconds in what comes out. */
export class GroupedAggregator implements SpanAggregator {
  readonly fields: readonly Field[]
  readonly #groups = new Map<string, Group>()
  /** Fast path to a group; undefined where it does not tell. */
  readonly #book: GroupBook<Group> | undefined
  readonly #aggregate: CountAggregate | OverTimeAggregate
  readonly #grid: SpanGrid
  readonly #budget: QueryBudget
  readonly #exemplarsMax: number
  readonly #by: readonly { readonly name: string; readonly read: (span: SpanView) => Value }[]
  readonly #of: ((span: SpanView) => Value) | undefined
  /** Fast path: no value is made of a span's duration. */
  readonly #ofDuration: boolean
  readonly #make = (span: SpanView): Group => this.#groupOf(span)
  #exemplars = 0

  constructor(
    aggregate: CountAggregate | OverTimeAggregate,
    grid: SpanGrid,
    budget: QueryBudget,
    exemplarsMax: number,
  ) {
    this.#aggregate = aggregate
    this.fields = aggregate.kind === 'over-time' ? [...aggregate.by, aggregate.of] : aggregate.by
    this.#grid = grid
    this.#budget = budget
    this.#exemplarsMax = exemplarsMax
    this.#by = aggregate.by.map((field) => ({ name: printField(field), read: readerOf(field) }))
    this.#of = aggregate.kind === 'over-time' ? readerOf(aggregate.of) : undefined
    this.#ofDuration = aggregate.kind === 'over-time' && isOwnDuration(aggregate.of)
    this.#book = GroupBook.for(aggregate.by)
    // A count of nothing is zero, so there is a series even without spans.
    if (this.#of === undefined && this.#by.length === 0) this.#group('', [])
  }

  observe(span: SpanView, step: number): void {
    const value = this.#ofDuration ? span.durationNs / 1e9 : this.#valueOf(span)
    if (Number.isNaN(value)) return
    const group = this.#book?.of(span, this.#make) ?? this.#groupOf(span)
    group.cells.add(step, value)
    if (this.#exemplars < this.#exemplarsMax) {
      this.#keepExemplar(group, span, step, this.#of === undefined ? Number.NaN : value)
    }
  }

  /** NaN where the span has no number. */
  #valueOf(span: SpanView): number {
    if (this.#of === undefined) return 1
    const found = this.#of(span)
    if (!isNumeric(found)) return Number.NaN
    return found.kind === 'duration' ? found.value / 1e9 : Number(found.value)
  }

  finish(): MetricSeries[] {
    const isNamed = this.#by.length === 0
    const name: NamedValue = { name: METRIC_NAME, value: { kind: 'string', value: this.#aggregate.op } }
    return [...this.#groups.values()].flatMap(({ labels, cells, exemplars }) =>
      cells.finish().map((series, i) => ({
        labels: [...(isNamed && series.labels.length === 0 ? [name] : []), ...labels, ...series.labels],
        values: series.values,
        exemplars: i === 0 ? exemplars : [],
      })),
    )
  }

  #groupOf(span: SpanView): Group {
    let key = ''
    const values: Value[] = []
    for (const { read } of this.#by) {
      const value = read(span)
      values.push(value)
      key += `${valueKey(value)}\n`
    }
    return this.#groups.get(key) ?? this.#group(key, values)
  }

  #group(key: string, values: readonly Value[]): Group {
    this.#budget.chargeSeries(1)
    this.#budget.chargeSamples(this.#grid.steps)
    const labels = this.#by.map(({ name }, i) => ({ name, value: values[i] as Value }))
    const group = {
      labels,
      cells: cellsOf(this.#aggregate, this.#grid),
      exemplars: [],
      hasExemplar: new Uint8Array(this.#grid.steps),
    }
    this.#groups.set(key, group)
    return group
  }

  /** One for each interval of a group, until there are enough. */
  #keepExemplar({ exemplars, hasExemplar }: Group, span: SpanView, step: number, value: number): void {
    if (hasExemplar[step] === 1) return
    hasExemplar[step] = 1
    this.#exemplars++
    exemplars.push({ traceId: span.traceId, step, timeMs: Number(span.startNs / 1_000_000n), value })
  }
}

function isOwnDuration(field: Field): boolean {
  return field.kind === 'intrinsic' && field.name === 'duration' && !field.isParent
}

function cellsOf(aggregate: CountAggregate | OverTimeAggregate, grid: SpanGrid): Cells {
  if (aggregate.kind === 'count') return new CountCells(grid, aggregate.op === 'rate' ? Number(grid.stepNs) / 1e9 : 1)
  const { op } = aggregate
  switch (op) {
    case 'min_over_time':
      return new FoldCells(grid, Math.min)
    case 'max_over_time':
      return new FoldCells(grid, Math.max)
    case 'sum_over_time':
      return new FoldCells(grid, (a, b) => a + b)
    case 'avg_over_time':
      return new AverageCells(grid)
    case 'quantile_over_time':
      return new QuantileCells(grid, aggregate.quantiles)
    case 'histogram_over_time':
      return new HistogramCells(grid)
    default:
      return unreachable(op)
  }
}

class CountCells implements Cells {
  readonly #values: Float64Array
  readonly #divisor: number

  constructor({ steps }: SpanGrid, divisor: number) {
    this.#values = new Float64Array(steps)
    this.#divisor = divisor
  }

  add(step: number): void {
    this.#values[step] = (this.#values[step] as number) + 1
  }

  finish() {
    return [{ labels: [], values: this.#divisor === 1 ? this.#values : this.#values.map((n) => n / this.#divisor) }]
  }
}

class FoldCells implements Cells {
  readonly #values: Float64Array
  readonly #fold: (sum: number, value: number) => number

  constructor({ steps }: SpanGrid, fold: (sum: number, value: number) => number) {
    this.#values = new Float64Array(steps).fill(Number.NaN)
    this.#fold = fold
  }

  add(step: number, value: number): void {
    const sum = this.#values[step] as number
    this.#values[step] = Number.isNaN(sum) ? value : this.#fold(sum, value)
  }

  finish() {
    return [{ labels: [], values: this.#values }]
  }
}

class AverageCells implements Cells {
  readonly #sums: Float64Array
  readonly #counts: Float64Array

  constructor({ steps }: SpanGrid) {
    this.#sums = new Float64Array(steps)
    this.#counts = new Float64Array(steps)
  }

  add(step: number, value: number): void {
    this.#sums[step] = (this.#sums[step] as number) + value
    this.#counts[step] = (this.#counts[step] as number) + 1
  }

  /** Zero by zero is NaN: no value. */
  finish() {
    return [{ labels: [], values: this.#sums.map((sum, step) => sum / (this.#counts[step] as number)) }]
  }
}

class QuantileCells implements Cells {
  readonly #sketches: (QuantileSketch | undefined)[]
  readonly #quantiles: readonly number[]

  constructor({ steps }: SpanGrid, quantiles: readonly number[]) {
    this.#sketches = new Array<QuantileSketch | undefined>(steps).fill(undefined)
    this.#quantiles = quantiles
  }

  add(step: number, value: number): void {
    let sketch = this.#sketches[step]
    if (sketch === undefined) {
      sketch = new QuantileSketch()
      this.#sketches[step] = sketch
    }
    sketch.add(value)
  }

  finish() {
    const columns = this.#quantiles.map(() => new Float64Array(this.#sketches.length).fill(Number.NaN))
    for (const [step, sketch] of this.#sketches.entries()) {
      const values = sketch?.quantiles(this.#quantiles) ?? []
      for (const [i, value] of values.entries()) (columns[i] as Float64Array)[step] = value
    }
    return this.#quantiles.map((quantile, i) => ({
      labels: [{ name: 'p', value: { kind: 'double' as const, value: quantile } }],
      values: columns[i] as Float64Array,
    }))
  }
}

/** A series for each power of two that is the upper bound of a bucket with a value. */
class HistogramCells implements Cells {
  readonly #steps: number
  readonly #buckets = new Map<number, Float64Array>()

  constructor({ steps }: SpanGrid) {
    this.#steps = steps
  }

  add(step: number, value: number): void {
    const bound = value <= 0 ? 0 : 2 ** Math.ceil(Math.log2(value))
    let counts = this.#buckets.get(bound)
    if (counts === undefined) {
      counts = new Float64Array(this.#steps)
      this.#buckets.set(bound, counts)
    }
    counts[step] = (counts[step] as number) + 1
  }

  finish() {
    return [...this.#buckets]
      .sort(([a], [b]) => a - b)
      .map(([bound, values]) => ({
        labels: [{ name: '__bucket', value: { kind: 'double' as const, value: bound } }],
        values,
      }))
  }
}
