import { type Labels, type Origin, streamLabels } from '@vantage/model'

/** Stream labels of origins, made once for each. Lists of origins only grow. */
export class StreamBook {
  readonly #byOrigin = new WeakMap<Origin, Labels>()
  readonly #lists = new WeakMap<readonly Origin[], Labels[]>()

  of(origins: readonly Origin[], origin: number): Labels {
    const one = origins[origin] as Origin
    let labels = this.#byOrigin.get(one)
    if (labels === undefined) {
      labels = streamLabels(one)
      this.#byOrigin.set(one, labels)
    }
    return labels
  }

  /** Of each origin of a list. */
  all(origins: readonly Origin[]): readonly Labels[] {
    let list = this.#lists.get(origins)
    if (list === undefined) {
      list = []
      this.#lists.set(origins, list)
    }
    while (list.length < origins.length) list.push(this.of(origins, list.length))
    return list
  }
}
