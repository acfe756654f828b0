import { labelsFromRecord } from '@vantage/model'
import { seededRandom } from '@vantage/model/testing'
import { REFERENCE_STEP_MS, ReferenceLoad } from './reference-load.ts'
import { buildBody, SeriesTemplate } from './remote-write-load.ts'
import type { LoadRequest } from './scrape-shape.ts'

const SEED = 11
const HOSTS = 16
const HISTOGRAM_HOSTS = 14
const HANDLERS = 6
const BOUNDS = ['0.005', '0.01', '0.025', '0.05', '0.1', '0.25', '0.5', '1', '2.5', '5', '10', '+Inf']
const STEPS_PER_SLICE = 20
const LONG_SERIES = 64
const LONG_STEP_MS = 30_000
/** 40 minutes: a peer refuses what is more than an hour older than the newest. */
const LONG_SAMPLES_PER_REQUEST = 80
const DAY_MS = 86_400_000

export interface DashboardShape {
  /** Of the node and histogram series: whole slices of 5 minutes. */
  readonly hours: number
  /** Of the long counters, up to where the others begin and on to the end. */
  readonly days: number
}

/** The data of a dashboard that looks back hours and weeks; generated in the order of time, as peers want it. */
export class DashboardLoad {
  readonly shape: DashboardShape
  readonly endMs: number
  readonly #startMs: number
  readonly #node: ReferenceLoad
  readonly #histograms: Counters
  readonly #long: Counters
  samples = 0

  constructor(shape: DashboardShape, nowMs: number, connections: number) {
    this.shape = shape
    this.endMs = Math.floor(nowMs / LONG_STEP_MS) * LONG_STEP_MS
    this.#startMs = this.endMs - shape.hours * 3_600_000
    this.#node = new ReferenceLoad(HOSTS, STEPS_PER_SLICE, connections)
    const random = seededRandom(SEED)
    this.#histograms = new Counters(histogramLabels(), STEPS_PER_SLICE, connections, random)
    this.#long = new Counters(longLabels(), LONG_SAMPLES_PER_REQUEST, connections, random)
  }

  /** Lists of requests: all of one list may be sent at once, the lists one after another. */
  *slices(): Generator<LoadRequest[]> {
    const longStartMs = this.endMs - this.shape.days * DAY_MS
    let longMs = longStartMs
    const longUntil = function* (this: DashboardLoad, untilMs: number): Generator<LoadRequest[]> {
      while (longMs + (LONG_SAMPLES_PER_REQUEST - 1) * LONG_STEP_MS < untilMs) {
        yield this.#count([...this.#long.slice(longMs, LONG_STEP_MS)])
        longMs += LONG_SAMPLES_PER_REQUEST * LONG_STEP_MS
      }
    }
    yield* longUntil.call(this, this.#startMs)
    const steps = (this.shape.hours * 3_600_000) / REFERENCE_STEP_MS
    for (let step = 0; step < steps; step += STEPS_PER_SLICE) {
      const sliceMs = this.#startMs + step * REFERENCE_STEP_MS
      const histograms = this.#histograms.slice(sliceMs, REFERENCE_STEP_MS)
      yield this.#count([...this.#node.slice(this.#startMs), ...histograms])
      yield* longUntil.call(this, sliceMs)
    }
  }

  #count(requests: LoadRequest[]): LoadRequest[] {
    for (const { samples } of requests) this.samples += samples
    return requests
  }
}

/** Integer counters of their own pace, a request of all series for each connection. */
class Counters {
  readonly #templates: readonly SeriesTemplate[]
  readonly #values: Float64Array
  readonly #samples: number
  readonly #connections: number
  readonly #random: () => number

  constructor(
    labels: readonly Readonly<Record<string, string>>[],
    samples: number,
    connections: number,
    random: () => number,
  ) {
    this.#templates = labels.map((one) => new SeriesTemplate(labelsFromRecord(one), samples))
    this.#values = Float64Array.from(labels, () => Math.floor(random() * 1e6))
    this.#samples = samples
    this.#connections = connections
    this.#random = random
  }

  *slice(startMs: number, stepMs: number): Generator<LoadRequest> {
    for (let connection = 0; connection < this.#connections; connection++) {
      const order = Int32Array.from(this.#templates.keys()).filter((i) => i % this.#connections === connection)
      const body = buildBody(this.#templates, order, (index, patch) => {
        for (let i = 0; i < this.#samples; i++) {
          this.#values[index] = (this.#values[index] as number) + Math.floor(this.#random() * 40)
          patch(i, startMs + i * stepMs, this.#values[index] as number)
        }
      })
      yield { connection, samples: order.length * this.#samples, body }
    }
  }
}

function histogramLabels(): Record<string, string>[] {
  const all: Record<string, string>[] = []
  for (let host = 0; host < HISTOGRAM_HOSTS; host++) {
    for (let handler = 0; handler < HANDLERS; handler++) {
      const instance = `app-${host}.eu-west-1.example:8080`
      for (const le of BOUNDS)
        all.push({ __name__: 'request_duration_seconds_bucket', instance, job: 'app', handler: `/h${handler}`, le })
    }
  }
  return all
}

function longLabels(): Record<string, string>[] {
  return Array.from({ length: LONG_SERIES }, (_, i) => ({
    __name__: 'orders_total',
    instance: `shop-${i % 8}.eu-west-1.example:8080`,
    job: 'shop',
    region: `r${i >> 3}`,
  }))
}
