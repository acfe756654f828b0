/** Somebody who holds series, by their refs. */
interface Holder {
  readonly holds: ReadonlyMap<number, unknown>
}

const PICKED_MIN = 256

/** Holders of the same series: what is new of them is picked and written once for all. */
export class Audience<H extends Holder> {
  readonly refs: ReadonlySet<number>
  readonly holders = new Set<H>()
  /** Places of its samples among those that `pick` was given; the first `count` are valid until the next `pick`. */
  picked = new Int32Array(PICKED_MIN)
  count = 0

  constructor(refs: ReadonlySet<number>) {
    this.refs = refs
  }

  push(place: number): void {
    if (this.count === this.picked.length) {
      const next = new Int32Array(this.count * 2)
      next.set(this.picked)
      this.picked = next
    }
    this.picked[this.count++] = place
  }
}

/**
 * Groups holders by what they hold, so that a frame costs its samples once for each distinct set of series and not for
 * each holder.
 */
export class Audiences<H extends Holder> {
  readonly #ofHolder = new Map<H, Audience<H>>()
  readonly #ofRef = new Map<number, Audience<H>[]>()
  readonly #byHash = new Map<number, Audience<H>[]>()
  readonly #changed = new Set<H>()
  #found: Audience<H>[] = []

  /** What it holds has changed, or it is new; seen by the next `pick`. */
  change(holder: H): void {
    this.#changed.add(holder)
  }

  remove(holder: H): void {
    this.#changed.delete(holder)
    this.#leave(holder)
  }

  /** @returns who has samples among the first `count` refs */
  pick(refs: Uint32Array, count: number): readonly Audience<H>[] {
    for (const holder of this.#changed) this.#place(holder)
    this.#changed.clear()
    for (const audience of this.#found) audience.count = 0
    this.#found = []
    for (let i = 0; i < count; i++) {
      const audiences = this.#ofRef.get(refs[i] as number)
      if (audiences === undefined) continue
      for (const audience of audiences) {
        if (audience.count === 0) this.#found.push(audience)
        audience.push(i)
      }
    }
    return this.#found
  }

  #place(holder: H): void {
    this.#leave(holder)
    if (holder.holds.size === 0) return
    const hash = hashOf(holder.holds.keys())
    const audience = this.#byHash.get(hash)?.find(({ refs }) => isSame(refs, holder.holds)) ?? this.#open(holder, hash)
    audience.holders.add(holder)
    this.#ofHolder.set(holder, audience)
  }

  #open({ holds }: H, hash: number): Audience<H> {
    const audience = new Audience<H>(new Set(holds.keys()))
    addTo(this.#byHash, hash, audience)
    for (const ref of audience.refs) addTo(this.#ofRef, ref, audience)
    return audience
  }

  #leave(holder: H): void {
    const audience = this.#ofHolder.get(holder)
    if (audience === undefined) return
    this.#ofHolder.delete(holder)
    audience.holders.delete(holder)
    if (audience.holders.size > 0) return
    removeFrom(this.#byHash, hashOf(audience.refs), audience)
    for (const ref of audience.refs) removeFrom(this.#ofRef, ref, audience)
  }
}

function addTo<T>(lists: Map<number, T[]>, key: number, item: T): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [item])
  else list.push(item)
}

function removeFrom<T>(lists: Map<number, T[]>, key: number, item: T): void {
  const rest = (lists.get(key) ?? []).filter((one) => one !== item)
  if (rest.length === 0) lists.delete(key)
  else lists.set(key, rest)
}

/** The same for the same refs in any order. */
function hashOf(refs: Iterable<number>): number {
  let hash = 0
  for (const ref of refs) hash = (hash + Math.imul(ref ^ (ref >>> 15), 0x9e3779b1)) | 0
  return hash
}

function isSame(refs: ReadonlySet<number>, holds: ReadonlyMap<number, unknown>): boolean {
  if (refs.size !== holds.size) return false
  for (const ref of refs) if (!holds.has(ref)) return false
  return true
}
