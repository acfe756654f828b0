import type { CompiledMatcher, Matcher } from '@vantage/model'
import { grownInts } from './int-list.ts'
import { compileMatchers } from './select.ts'
import type { SeriesIndex } from './series-index.ts'

/** Which series of one index matchers take; each is judged once, when it is first asked for. */
export class MatchedSeries {
  readonly #index: SeriesIndex
  readonly #matchers: readonly { readonly compiled: CompiledMatcher; readonly verdicts: Map<number, boolean> }[]
  /** One bit per series. */
  #judged = new Int32Array(64)
  #taken = new Int32Array(64)

  /** @throws FaultError where a matcher is not valid */
  constructor(index: SeriesIndex, matchers: readonly Matcher[]) {
    this.#index = index
    this.#matchers = compileMatchers(matchers).map((compiled) => ({ compiled, verdicts: new Map() }))
  }

  has(series: number): boolean {
    const word = series >>> 5
    const bit = 1 << (series & 31)
    if (word >= this.#judged.length) {
      this.#judged = grownInts(this.#judged, word + 1)
      this.#taken = grownInts(this.#taken, word + 1)
    }
    if (((this.#judged[word] as number) & bit) === 0) {
      if (this.#judge(series)) this.#taken[word] = (this.#taken[word] as number) | bit
      this.#judged[word] = (this.#judged[word] as number) | bit
    }
    return ((this.#taken[word] as number) & bit) !== 0
  }

  /** A regular expression runs once per distinct value. */
  #judge(series: number): boolean {
    for (const { compiled, verdicts } of this.#matchers) {
      const name = this.#index.findName(compiled.matcher.name)
      const pair = name < 0 ? -1 : this.#index.pairOfSeries(series, name)
      if (pair < 0) {
        if (!compiled.matchesEmpty) return false
        continue
      }
      let verdict = verdicts.get(pair)
      if (verdict === undefined) {
        verdict = compiled.matches(this.#index.pairValue(pair))
        verdicts.set(pair, verdict)
      }
      if (!verdict) return false
    }
    return true
  }
}
