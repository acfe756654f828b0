import { seededRandom } from '@vantage/model/testing'
import { type ReferenceSeries, referenceHost } from '../../packages/store/bench/reference-shape.ts'
import { buildBody, SeriesTemplate } from './remote-write-load.ts'
import type { LoadRequest } from './scrape-shape.ts'

const SEED = 7
export const REFERENCE_STEP_MS = 15_000
/** Hosts are scraped one after another within the interval. */
const HOST_OFFSET_MS = 911
/** 3 % of scrapes come late, by 3 ms and a tail of tens of ms. */
const LATE_SHARE = 0.03
const LATE_MIN_MS = 3
const LATE_TAIL_MS = 15

interface Host {
  readonly series: readonly ReferenceSeries[]
  readonly templates: readonly SeriesTemplate[]
  readonly order: Int32Array
  readonly random: () => number
}

/**
 * Hosts with 321 series each, one scrape every 15 s, all series of a scrape at one time. A slice is one request a
 * host with the next `stepsPerSlice` samples of each series; slices are sent one after another, so that no host runs
 * ahead of the others by more than a slice.
 */
export class ReferenceLoad {
  readonly seriesPerHost: number
  readonly #hosts: Host[]
  readonly #connections: number
  readonly #stepsPerSlice: number
  #step = 0

  constructor(hosts: number, stepsPerSlice: number, connections: number) {
    this.#connections = connections
    this.#stepsPerSlice = stepsPerSlice
    this.#hosts = Array.from({ length: hosts }, (_, host) => {
      const random = seededRandom(SEED + host)
      const series = referenceHost(host, random)
      return {
        series,
        templates: series.map(({ labels }) => new SeriesTemplate(labels, stepsPerSlice)),
        order: Int32Array.from(series.keys()),
        random,
      }
    })
    this.seriesPerHost = this.#hosts[0]?.series.length ?? 0
  }

  get samplesPerSlice(): number {
    return this.#hosts.length * this.seriesPerHost * this.#stepsPerSlice
  }

  /** The next slice of every host. */
  *slice(startMs: number): Generator<LoadRequest> {
    const samples = this.seriesPerHost * this.#stepsPerSlice
    for (const [host, { series, templates, order, random }] of this.#hosts.entries()) {
      const times = Array.from({ length: this.#stepsPerSlice }, (_, i) => {
        const late = random() < LATE_SHARE ? LATE_MIN_MS + Math.floor(-Math.log(1 - random()) * LATE_TAIL_MS) : 0
        return startMs + (this.#step + i) * REFERENCE_STEP_MS + host * HOST_OFFSET_MS + late
      })
      const body = buildBody(templates, order, (index, patch) => {
        const one = series[index] as ReferenceSeries
        for (const [i, timeMs] of times.entries()) patch(i, timeMs, one.next(this.#step + i))
      })
      yield { connection: host % this.#connections, samples, body }
    }
    this.#step += this.#stepsPerSlice
  }
}
