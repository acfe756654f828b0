import { LogSketch } from './log-sketch.ts'
import type { ObserverOptions } from './mapping.ts'

/** One value of a family at a flush: what its name and labels get added. */
export interface Part {
  readonly suffix: string
  /** Name and value of the own label (`le`, `quantile`); '' where there is none. */
  readonly label: string
  readonly labelValue: string
  readonly value: number
}

/** What a timer, histogram or distribution has seen. Counts and sums never fall; quantiles forget. */
export interface Observations {
  add(value: number, repeats: number, nowMs: number): void
  parts(nowMs: number): Part[]
}

export function observationsOf(options: ObserverOptions): Observations {
  return options.type === 'histogram' ? new Buckets(options.buckets) : new Summary(options)
}

class Buckets implements Observations {
  readonly #bounds: readonly number[]
  /** One more than bounds: the last is +Inf. Not cumulative. */
  readonly #counts: Float64Array
  #sum = 0

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.#counts = new Float64Array(bounds.length + 1)
  }

  add(value: number, repeats: number): void {
    let bucket = 0
    while (bucket < this.#bounds.length && value > (this.#bounds[bucket] as number)) bucket++
    this.#counts[bucket] = (this.#counts[bucket] as number) + repeats
    this.#sum += value * repeats
  }

  parts(): Part[] {
    const parts: Part[] = []
    let count = 0
    for (let i = 0; i < this.#counts.length; i++) {
      count += this.#counts[i] as number
      const labelValue = i < this.#bounds.length ? String(this.#bounds[i]) : '+Inf'
      parts.push({ suffix: '_bucket', label: 'le', labelValue, value: count })
    }
    return [...parts, ...totals(this.#sum, count)]
  }
}

class Summary implements Observations {
  readonly #quantiles: readonly number[]
  readonly #stepMs: number
  /** A ring: one sketch per step of the age in which something came, the current one at `#current`. */
  readonly #sketches: (LogSketch | undefined)[]
  #current = 0
  #currentEndMs = 0
  #sum = 0
  #count = 0

  constructor(options: Extract<ObserverOptions, { type: 'summary' }>) {
    this.#quantiles = options.quantiles.map(({ quantile }) => quantile)
    this.#stepMs = Math.max(1, options.maxAgeMs / options.ageBuckets)
    this.#sketches = new Array(options.ageBuckets).fill(undefined)
  }

  add(value: number, repeats: number, nowMs: number): void {
    this.#forget(nowMs)
    const sketch = this.#sketches[this.#current] ?? new LogSketch()
    this.#sketches[this.#current] = sketch
    sketch.add(value, repeats)
    this.#sum += value * repeats
    this.#count += repeats
  }

  parts(nowMs: number): Part[] {
    this.#forget(nowMs)
    const all = new LogSketch()
    for (const sketch of this.#sketches) if (sketch !== undefined) all.addAll(sketch)
    const values = all.quantiles(this.#quantiles)
    const parts = values.map((value, i) => {
      return { suffix: '', label: 'quantile', labelValue: String(this.#quantiles[i]), value }
    })
    return [...parts, ...totals(this.#sum, this.#count)]
  }

  #forget(nowMs: number): void {
    const length = this.#sketches.length
    if (nowMs >= this.#currentEndMs + this.#stepMs * length) {
      this.#sketches.fill(undefined)
      this.#currentEndMs = nowMs + this.#stepMs
    }
    while (nowMs >= this.#currentEndMs) {
      this.#current = (this.#current + 1) % length
      this.#sketches[this.#current] = undefined
      this.#currentEndMs += this.#stepMs
    }
  }
}

function totals(sum: number, count: number): Part[] {
  return [
    { suffix: '_sum', label: '', labelValue: '', value: sum },
    { suffix: '_count', label: '', labelValue: '', value: count },
  ]
}
