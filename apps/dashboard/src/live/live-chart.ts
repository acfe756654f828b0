import type { LabelRecord } from '@vantage/api/client'
import { assignSlots, type LiveStrip, SampleRing, STRIP_SERIES_MAX, type StripSeries, type Unit } from '@vantage/charts'
import { seriesKey, shortLabels } from '../explore/series-label.ts'
import { RateStep } from './rate-step.ts'

/** One series that the page receives, drawn or not. */
export class LiveLine {
  readonly key: string
  readonly labels: LabelRecord
  readonly ring = new SampleRing()
  readonly #rate: RateStep | undefined

  constructor(key: string, labels: LabelRecord, isCounter: boolean) {
    this.key = key
    this.labels = labels
    this.#rate = isCounter ? new RateStep() : undefined
  }

  /** Takes one sample; counters become rates. Samples that are not newer are dropped. */
  push(timeMs: number, value: number): void {
    if (this.#rate === undefined) {
      this.ring.push(timeMs, value)
      return
    }
    if (timeMs <= this.ring.lastMs) return
    const rate = this.#rate.next(timeMs, value)
    if (!Number.isNaN(rate)) this.ring.push(timeMs, rate)
  }
}

/** All series of one metric: what a card draws. Lines are kept here, so a card may come and go. */
export class LiveChart {
  readonly metric: string
  readonly unit: Unit
  readonly isRate: boolean
  readonly lines: LiveLine[] = []
  strip: LiveStrip | undefined

  constructor(metric: string, unit: Unit, isRate: boolean) {
    this.metric = metric
    this.unit = unit
    this.isRate = isRate
  }

  /** The lines of a host (label `instance`), or all; only the first ten are drawn. */
  shown(host: string): { readonly series: StripSeries[]; readonly leftOut: number } {
    const lines = this.linesOf(host)
    const drawn = lines.slice(0, STRIP_SERIES_MAX)
    const only = drawn.length === 1 ? drawn[0] : undefined
    const labels = only === undefined ? shortLabels(drawn.map((line) => line.labels)) : [originOf(only.labels)]
    const slots = assignSlots(drawn.map((line) => line.key))
    const series = drawn.map((line, i) => ({
      key: line.key,
      label: labels[i] as string,
      slot: slots[i] as number,
      ring: line.ring,
    }))
    return { series, leftOut: lines.length - drawn.length }
  }

  linesOf(host: string): LiveLine[] {
    return host === '' ? this.lines : this.lines.filter((line) => line.labels['instance'] === host)
  }

  /** Largest latest value of its lines, for sorting. */
  lastValue(): number {
    let last = Number.NEGATIVE_INFINITY
    for (const { ring } of this.lines) if (ring.lastValue > last) last = ring.lastValue
    return last
  }

  /** Largest relative change over the kept window, for sorting. */
  change(): number {
    let change = 0
    for (const { ring } of this.lines) {
      const first = ring.values[ring.first] as number
      const size = Math.max(Math.abs(first), Math.abs(ring.lastValue))
      if (ring.count > 1 && size > 0) change = Math.max(change, Math.abs(ring.lastValue - first) / size)
    }
    return change
  }
}

/** The title names the metric already; a line that is alone is named by where it comes from. */
function originOf(labels: LabelRecord): string {
  return labels['instance'] ?? labels['service_name'] ?? labels['job'] ?? 'value'
}

/** Label sets to keys; the metric's name is part of the set. */
export function lineKey(labels: LabelRecord): string {
  return seriesKey(labels, '')
}
