/** Upper bounds of durations, seconds: from a cache hit to a query's deadline. */
export const DURATION_BUCKETS_SECONDS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
]

/** Distinct label sets of one family; more are counted under `other`. */
export const CHILDREN_MAX = 2_000
const OTHER = 'other'

export type FamilyType = 'counter' | 'gauge' | 'histogram'

/** One exposed sample: name and labels complete. */
export interface ExposedSample {
  readonly name: string
  /** name, value, name, value … in declaration order */
  readonly labels: readonly string[]
  readonly value: number
}

export interface ExposedFamily {
  readonly name: string
  readonly type: FamilyType
  readonly help: string
  readonly samples: readonly ExposedSample[]
}

interface Family {
  readonly name: string
  readonly type: FamilyType
  readonly help: string
  samples(): ExposedSample[]
}

/** All metrics of one process. Passed in where something counts; exposed as text and through the product's own path. */
export class Registry {
  readonly #families = new Map<string, Family>()

  counter(name: string, help: string, labelNames: readonly string[] = []): Counter {
    return this.#add(new Counter(name, help, labelNames))
  }

  gauge(name: string, help: string, labelNames: readonly string[] = []): Gauge {
    return this.#add(new Gauge(name, help, labelNames))
  }

  /** A gauge or counter that is read when someone looks. */
  computed(name: string, help: string, type: 'counter' | 'gauge', read: () => number): void {
    this.#add({ name, type, help, samples: () => [{ name, labels: [], value: read() }] })
  }

  histogram(
    name: string,
    help: string,
    labelNames: readonly string[] = [],
    bounds: readonly number[] = DURATION_BUCKETS_SECONDS,
  ): Histogram {
    return this.#add(new Histogram(name, help, labelNames, bounds))
  }

  collect(): ExposedFamily[] {
    const out: ExposedFamily[] = []
    for (const family of this.#families.values()) {
      out.push({ name: family.name, type: family.type, help: family.help, samples: family.samples() })
    }
    return out
  }

  #add<T extends Family>(family: T): T {
    if (this.#families.has(family.name)) throw new Error(`BUG: metric ${family.name} is declared twice`)
    this.#families.set(family.name, family)
    return family
  }
}

class Children<T> {
  readonly #byKey = new Map<string, { labels: readonly string[]; child: T }>()
  readonly #names: readonly string[]
  readonly #make: () => T

  constructor(names: readonly string[], make: () => T) {
    this.#names = names
    this.#make = make
  }

  get(values: readonly string[]): T {
    let key = values.join('\u0000')
    let found = this.#byKey.get(key)
    if (found !== undefined) return found.child
    let kept = values
    if (this.#byKey.size >= CHILDREN_MAX) {
      kept = values.map(() => OTHER)
      key = kept.join('\u0000')
      found = this.#byKey.get(key)
      if (found !== undefined) return found.child
    }
    const labels = this.#names.flatMap((name, i) => [name, kept[i] ?? ''])
    const child = this.#make()
    this.#byKey.set(key, { labels, child })
    return child
  }

  entries(): Iterable<{ labels: readonly string[]; child: T }> {
    return this.#byKey.values()
  }
}

/** A family whose children are one number each. */
class Values {
  readonly name: string
  readonly help: string
  readonly #children: Children<{ value: number }>

  constructor(name: string, help: string, labelNames: readonly string[]) {
    this.name = name
    this.help = help
    this.#children = new Children(labelNames, () => ({ value: 0 }))
    // A family without labels is there from the start, at 0.
    if (labelNames.length === 0) this.#children.get([])
  }

  protected child(labelValues: readonly string[]): { value: number } {
    return this.#children.get(labelValues)
  }

  samples(): ExposedSample[] {
    return [...this.#children.entries()].map(({ labels, child }) => ({ name: this.name, labels, value: child.value }))
  }
}

/** Only goes up. */
export class Counter extends Values {
  readonly type = 'counter'

  add(amount: number, ...labelValues: string[]): void {
    this.child(labelValues).value += amount
  }

  /** States it at 0 before anything is counted: rates know of the first one, and nothing looks like nothing. */
  begin(...labelValues: string[]): void {
    this.child(labelValues)
  }

  value(...labelValues: string[]): number {
    return this.child(labelValues).value
  }
}

export class Gauge extends Values {
  readonly type = 'gauge'

  set(value: number, ...labelValues: string[]): void {
    this.child(labelValues).value = value
  }

  add(change: number, ...labelValues: string[]): void {
    this.child(labelValues).value += change
  }
}

export class Histogram {
  readonly type = 'histogram'
  readonly name: string
  readonly help: string
  readonly #bounds: readonly number[]
  readonly #children: Children<{ counts: Float64Array; sum: number }>

  constructor(name: string, help: string, labelNames: readonly string[], bounds: readonly number[]) {
    this.name = name
    this.help = help
    this.#bounds = bounds
    this.#children = new Children(labelNames, () => ({ counts: new Float64Array(bounds.length + 1), sum: 0 }))
  }

  observe(value: number, ...labelValues: string[]): void {
    const child = this.#children.get(labelValues)
    let at = 0
    while (at < this.#bounds.length && value > (this.#bounds[at] as number)) at++
    child.counts[at] = (child.counts[at] as number) + 1
    child.sum += value
  }

  samples(): ExposedSample[] {
    const out: ExposedSample[] = []
    for (const { labels, child } of this.#children.entries()) {
      let cumulative = 0
      for (let i = 0; i <= this.#bounds.length; i++) {
        cumulative += child.counts[i] as number
        const bound = this.#bounds[i]
        const le = bound === undefined ? '+Inf' : String(bound)
        out.push({ name: `${this.name}_bucket`, labels: [...labels, 'le', le], value: cumulative })
      }
      out.push({ name: `${this.name}_sum`, labels, value: child.sum })
      out.push({ name: `${this.name}_count`, labels, value: cumulative })
    }
    return out
  }
}
