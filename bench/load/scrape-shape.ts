import { type Labels, labelsFromRecord } from '@vantage/model'
import { seededRandom } from '@vantage/model/testing'
import { buildBody, SeriesTemplate } from './remote-write-load.ts'

const SEED = 20_261_121

/**
 * Labels of series `index`: eleven, sorted, some 297 bytes of names and values, as a Kubernetes service discovery
 * gives them.
 */
export function scrapeLabels(index: number): Labels {
  const pod = Math.floor(index / 100)
  const hash = ((pod * 2_654_435_761) >>> 0).toString(16).padStart(8, '0')
  return labelsFromRecord({
    __name__: `http_server_request_duration_seconds_sum_${index % 10}`,
    cluster: 'production-eu-west-1',
    container: 'checkout-service',
    endpoint: `/api/v2/customers/orders/${index % 100}`,
    instance: `10.${(pod >> 8) & 255}.${pod & 255}.17:9102`,
    job: 'kubernetes-service-endpoints',
    method: index % 2 === 0 ? 'GET' : 'POST',
    namespace: 'online-shop-backend',
    node: `ip-10-0-${pod & 255}-17.eu-west-1.compute.internal`,
    pod: `checkout-service-${hash}-${String(pod).padStart(5, '0')}`,
    status_code: '200',
  })
}

export interface ScrapeLoad {
  readonly seriesCount: number
  readonly seriesPerRequest: number
  readonly samplesPerSeries: number
  readonly stepMs: number
  /** A new order of the series in every round, as a sender without a memory of its own has. */
  readonly isShuffled: boolean
}

/** A request and the connection that owns its series, so that the time of a series never goes back. */
export interface LoadRequest {
  readonly connection: number
  readonly samples: number
  readonly body: Buffer
}

/** Makes rounds of requests, each of which holds the next samples of every series: counters and sums that grow. */
export class ScrapeGenerator {
  readonly samplesPerRound: number
  readonly #load: ScrapeLoad
  readonly #connections: number
  readonly #random = seededRandom(SEED)
  readonly #templates: SeriesTemplate[] = []
  readonly #values: Float64Array
  readonly #orders: Int32Array[] = []
  #timeMs: number

  constructor(load: ScrapeLoad, connections: number, startMs: number) {
    this.#load = load
    this.#connections = connections
    this.#timeMs = startMs
    this.samplesPerRound = load.seriesCount * load.samplesPerSeries
    this.#values = new Float64Array(load.seriesCount)
    for (let i = 0; i < load.seriesCount; i++) {
      this.#templates.push(new SeriesTemplate(scrapeLabels(i), load.samplesPerSeries))
      this.#values[i] = Math.floor(this.#random() * 1e6)
    }
    for (let from = 0; from < load.seriesCount; from += load.seriesPerRequest) {
      const count = Math.min(load.seriesPerRequest, load.seriesCount - from)
      this.#orders.push(Int32Array.from({ length: count }, (_, i) => from + i))
    }
  }

  /** The time of the next sample, unix ms. */
  get timeMs(): number {
    return this.#timeMs
  }

  /** One request after the other: what is not sent at once need not be held at once. */
  *round(): Generator<LoadRequest> {
    const { samplesPerSeries, stepMs, isShuffled } = this.#load
    const startMs = this.#timeMs
    for (const [shard, order] of this.#orders.entries()) {
      if (isShuffled) this.#shuffle(order)
      const body = buildBody(this.#templates, order, (series, patch) => {
        for (let i = 0; i < samplesPerSeries; i++) patch(i, startMs + i * stepMs, this.#next(series))
      })
      yield { connection: shard % this.#connections, samples: order.length * samplesPerSeries, body }
    }
    this.#timeMs += samplesPerSeries * stepMs
  }

  /** Half of the series count events, half sum durations. */
  #next(series: number): number {
    const value = this.#values[series] as number
    const grown = series % 2 === 0 ? value + Math.floor(this.#random() * 50) : value + this.#random() * 3
    this.#values[series] = grown
    return grown
  }

  #shuffle(order: Int32Array): void {
    for (let i = order.length - 1; i > 0; i--) {
      const other = Math.floor(this.#random() * (i + 1))
      const held = order[i] as number
      order[i] = order[other] as number
      order[other] = held
    }
  }
}
