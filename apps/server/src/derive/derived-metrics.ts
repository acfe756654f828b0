import { BatchRows, eachRow, isFor, type Processor, type RowWork } from '@vantage/decode/process'
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

/** What one row says to one processor. */
export interface Measured {
  /** Its place. */
  readonly processor: number
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
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

  /** What the rows of a batch say, to be counted once they are stored. */
  *measure(batch: LogBatch | SpanBatch): RowWork<Measured[]> {
    const measured: Measured[] = []
    const rows = new BatchRows(batch)
    for (const [processor, one] of this.#processors.entries()) {
      if (!isFor(one, batch)) continue
      yield* eachRow(rows.count, (row) => {
        if (!rows.isSelected(row, one.where)) return
        const attributes = rows.attributes(row)
        const value = one.value === '' ? 1 : numberOf(attributes, one.value)
        if (value === undefined || (one.type === 'counter' && value < 0)) return
        measured.push({ processor, labels: labelsOf(one, attributes, rows.service(row)), value })
      })
    }
    return measured
  }

  /** Counts rows that were stored; not those of a replay, which were counted when they came. */
  add(tenant: TenantId, measured: readonly Measured[]): void {
    if (measured.length === 0) return
    let own = this.#tenants.get(tenant)
    if (own === undefined) {
      if (this.#tenants.size >= TENANTS_MAX) return
      own = this.#processors.map(() => new Map())
      this.#tenants.set(tenant, own)
    }
    for (const one of measured) this.#addOne(own[one.processor] as Map<string, Counted>, one)
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

  #addOne(counted: Map<string, Counted>, { processor, labels, value }: Measured): void {
    const key = JSON.stringify(labels)
    let one = counted.get(key)
    if (one === undefined) {
      if (counted.size >= SERIES_MAX) return
      const isHistogram = (this.#processors[processor] as DeriveProcessor).type === 'histogram'
      one = { labels, sum: 0, histogram: isHistogram ? new CumulativeHistogram() : undefined }
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
