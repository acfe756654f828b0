import type { LabelRecord, LiveMessage, LiveSeries } from '@vantage/api/client'
import { SampleRing, type Unit, unitOf, valueAt } from '@vantage/charts'
import { type LiveSamples, METRIC_NAME } from '@vantage/model'
import { seriesKey } from '../explore/series-label.ts'
import type { LiveChart, LiveLine } from './live-chart.ts'
import { isCounter, RateStep } from './rate-step.ts'
import type { KnownMetric, LineFigures } from './worker-messages.ts'

/** A span of time in which samples were lost. */
export interface Gap {
  readonly fromMs: number
  readonly toMs: number
}

/** A line with its samples. */
export class SampledLine implements LiveLine {
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

interface SampledChart {
  readonly metric: string
  readonly unit: Unit
  readonly isRate: boolean
  readonly lines: SampledLine[]
}

/** All samples of one subscription, in ring buffers, and which charts its series belong to. */
export class LiveData {
  readonly #metrics: ReadonlyMap<string, KnownMetric>
  readonly #lineOfRef = new Map<number, SampledLine>()
  readonly #lineOfKey = new Map<string, SampledLine>()
  readonly #chartOfMetric = new Map<string, SampledChart>()
  /** Time of the newest sample, server time; 0 before the first. */
  lastSampleMs = 0
  samplesTaken = 0

  constructor(metrics: readonly KnownMetric[]) {
    this.#metrics = new Map(metrics.map((one) => [one.name, one]))
  }

  takeFrame({ count, baseMs, refs, offsetsMs, values }: LiveSamples): void {
    for (let i = 0; i < count; i++) {
      const line = this.#lineOfRef.get(refs[i] as number)
      const timeMs = baseMs + (offsetsMs[i] as number)
      if (line !== undefined) line.push(timeMs, values[i] as number)
      if (timeMs > this.lastSampleMs) this.lastSampleMs = timeMs
    }
    this.samplesTaken += count
  }

  /** @returns the charts that have got lines by it, whole */
  addSeries(series: readonly LiveSeries[]): LiveChart[] {
    const changed = new Set<SampledChart>()
    for (const { ref, labels } of series) {
      const key = seriesKey(labels, '')
      let line = this.#lineOfKey.get(key)
      if (line === undefined) {
        const chart = this.#chartOf(labels[METRIC_NAME] ?? '')
        line = new SampledLine(key, labels, chart.isRate)
        chart.lines.push(line)
        changed.add(chart)
        this.#lineOfKey.set(key, line)
      }
      this.#lineOfRef.set(ref, line)
    }
    return [...changed].map((chart) => ({ ...chart, lines: chart.lines.map(({ key, labels }) => ({ key, labels })) }))
  }

  /**
   * Takes what the server has of the past. References of a former connection mean nothing any more.
   * @param lostMs since when nothing had come; 0 where no connection was lost
   * @returns the charts that have got lines, and what the server no longer has
   */
  subscribed(
    { series, backfill, nowMs }: Extract<LiveMessage, { type: 'subscribed' }>,
    lostMs: number,
  ): { readonly charts: LiveChart[]; readonly gap: Gap | undefined } {
    this.#lineOfRef.clear()
    const charts = this.addSeries(series)
    let firstMs = nowMs
    for (const { ref, timesMs, values } of backfill) {
      const line = this.#lineOfRef.get(ref)
      if (line === undefined) continue
      for (let i = 0; i < timesMs.length; i++) {
        const timeMs = timesMs[i] as number
        if (timeMs > lostMs && timeMs < firstMs) firstMs = timeMs
        line.push(timeMs, values[i] as number)
        if (timeMs > this.lastSampleMs) this.lastSampleMs = timeMs
      }
    }
    const usualMs = Math.max(1_000, ...[...this.#lineOfKey.values()].map(({ ring }) => ring.joinMs))
    const isGap = lostMs > 0 && firstMs - lostMs > usualMs
    return { charts, gap: isGap ? { fromMs: lostMs, toMs: firstMs } : undefined }
  }

  ringOf(key: string): SampleRing | undefined {
    return this.#lineOfKey.get(key)?.ring
  }

  /** @param atMs the time asked for; the newest samples without it */
  figures(atMs: number | undefined): LineFigures[] {
    return [...this.#lineOfKey.values()].map(({ key, ring }) => {
      const first = ring.count === 0 ? Number.NaN : (ring.values[ring.first] as number)
      return { key, value: valueAt(ring, atMs), first, oddness: oddnessOf(ring), lastMs: ring.lastMs }
    })
  }

  #chartOf(metric: string): SampledChart {
    const known = this.#chartOfMetric.get(metric)
    if (known !== undefined) return known
    const stem = metric.replace(/_(bucket|sum|count)$/, '')
    const info = this.#metrics.get(metric) ?? this.#metrics.get(stem)
    const isRate = isCounter(metric, info?.name === metric ? info.type : '')
    const chart = { metric, unit: unitOf(metric, info?.unit ?? '', isRate), isRate, lines: [] }
    this.#chartOfMetric.set(metric, chart)
    return chart
  }
}

/** Asked for when cards are sorted, never per frame. */
function oddnessOf({ values, first, count, lastValue }: SampleRing): number {
  const known = values.subarray(first, first + count).filter(Number.isFinite)
  const mean = known.reduce((sum, one) => sum + one, 0) / known.length
  const deviation = Math.sqrt(known.reduce((sum, one) => sum + (one - mean) ** 2, 0) / known.length)
  return deviation > 0 && Number.isFinite(lastValue) ? Math.abs(lastValue - mean) / deviation : 0
}
