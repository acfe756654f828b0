import { BatchRows, type Processor } from '@vantage/decode/process'
import type { SeriesToWrite } from '@vantage/decode/remote-write'
import {
  type Attributes,
  attribute,
  type LogBatch,
  lokiName,
  METRIC_NAME,
  type SpanBatch,
  type TenantId,
  valueText,
} from '@vantage/model'
import { CumulativeHistogram, sampleOf } from './cumulative.ts'

/** Series of one processor and tenant; rows of others are counted in none. */
const SERIES_MAX = 2_000
const TENANTS_MAX = 1_000

type DeriveProcessor = Extract<Processor, { kind: 'derive' }>

interface Counted {
  readonly labels: Readonly<Record<string, string>>
  sum: number
  readonly histogram: CumulativeHistogram | undefined
}

/** Metrics that the configuration derives from rows, counted as they come in; cumulative since the start. */
export class DerivedMetrics {
  readonly #processors: readonly DeriveProcessor[]
  readonly #tenants = new Map<TenantId, Map<string, Counted>[]>()

  constructor(processors: readonly DeriveProcessor[]) {
    this.#processors = processors
  }

  get tenants(): readonly TenantId[] {
    return [...this.#tenants.keys()]
  }

  /** Rows that were stored; not those of a replay, which were counted when they came. */
  add(tenant: TenantId, batch: LogBatch | SpanBatch): void {
    if (this.#processors.length === 0) return
    let own = this.#tenants.get(tenant)
    if (own === undefined) {
      if (this.#tenants.size >= TENANTS_MAX) return
      own = this.#processors.map(() => new Map())
      this.#tenants.set(tenant, own)
    }
    const rows = new BatchRows(batch)
    const signal = 'bodies' in batch.columns ? 'logs' : 'spans'
    for (const [i, processor] of this.#processors.entries()) {
      if (!processor.signals.has(signal)) continue
      for (let row = 0; row < rows.count; row++) {
        if (rows.isSelected(row, processor.where)) this.#addRow(processor, own[i] as Map<string, Counted>, rows, row)
      }
    }
  }

  /** States everything as of now. */
  series(tenant: TenantId, nowMs: number): SeriesToWrite[] {
    const own = this.#tenants.get(tenant) ?? []
    return own.flatMap((counted, i) => {
      const { metric } = this.#processors[i] as DeriveProcessor
      return [...counted.values()].flatMap(({ labels, sum, histogram }) =>
        histogram === undefined ? [sampleOf(metric, labels, sum, nowMs)] : histogram.series(metric, labels, nowMs),
      )
    })
  }

  #addRow(processor: DeriveProcessor, counted: Map<string, Counted>, rows: BatchRows, row: number): void {
    const attributes = rows.attributes(row)
    const value = processor.value === '' ? 1 : numberOf(attributes, processor.value)
    if (value === undefined || (processor.type === 'counter' && value < 0)) return
    const labels = labelsOf(processor, attributes, rows.service(row))
    const key = JSON.stringify(labels)
    let one = counted.get(key)
    if (one === undefined) {
      if (counted.size >= SERIES_MAX) return
      const histogram = processor.type === 'histogram' ? new CumulativeHistogram() : undefined
      one = { labels, sum: 0, histogram }
      counted.set(key, one)
    }
    one.sum += value
    one.histogram?.add(value)
  }
}

function labelsOf({ labels }: DeriveProcessor, attributes: Attributes, service: string): Record<string, string> {
  const out: Record<string, string> = { service }
  for (const name of labels) {
    const value = attribute(attributes, name)
    const label = lokiName(name)
    if (value !== undefined && label !== METRIC_NAME) out[label] = valueText(value)
  }
  return out
}

function numberOf(attributes: Attributes, name: string): number | undefined {
  const value = attribute(attributes, name)
  const text = value === undefined ? '' : valueText(value)
  const number = text.trim() === '' ? Number.NaN : Number(text)
  return Number.isFinite(number) ? number : undefined
}
