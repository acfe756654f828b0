import { type CompiledMatcher, compileMatcher, FaultError, type Matcher, type QueryBudget } from '@vantage/model'
import { IntList } from './int-list.ts'
import { MATCH_CACHE_MAX } from './limits.ts'
import type { SeriesIndex } from './series-index.ts'

/** Pairs of one label that a matcher takes, one bit each, extended as the index grows. */
class MatchedPairs {
  bits = new Int32Array(64)
  readonly matched = new IntList()
  /** Pairs below this are judged. */
  judged = 0

  has(pair: number): boolean {
    return ((this.bits[pair >>> 5] ?? 0) & (1 << (pair & 31))) !== 0
  }

  add(pair: number): void {
    if (pair >>> 5 >= this.bits.length) {
      const next = new Int32Array(Math.max((pair >>> 5) + 1, this.bits.length * 2))
      next.set(this.bits)
      this.bits = next
    }
    this.bits[pair >>> 5] = (this.bits[pair >>> 5] as number) | (1 << (pair & 31))
    this.matched.push(pair)
  }
}

/** Values judged between two looks at the budget. */
const CHECK_EVERY = 4096

/**
 * Remembers, per index, which pairs a matcher takes: a regular expression runs once per distinct value, ever.
 * One per index and reading thread; bounded, the oldest entry goes first.
 */
export class MatchCache {
  readonly #entries = new Map<string, MatchedPairs>()

  pairs(index: SeriesIndex, name: number, matcher: CompiledMatcher, budget: QueryBudget): MatchedPairs {
    const key = `${name} ${matcher.matcher.op} ${matcher.matcher.value}`
    let entry = this.#entries.get(key)
    if (entry === undefined) {
      if (this.#entries.size >= MATCH_CACHE_MAX) this.#entries.delete(this.#entries.keys().next().value as string)
      entry = new MatchedPairs()
      this.#entries.set(key, entry)
    }
    if (entry.judged < index.pairCount) {
      const fresh = new IntList()
      index.pairsOfName(name, entry.judged, fresh)
      for (let i = 0; i < fresh.count; i++) {
        if (i % CHECK_EVERY === CHECK_EVERY - 1) budget.check()
        const pair = fresh.items[i] as number
        if (matcher.matches(index.pairValue(pair))) entry.add(pair)
      }
      entry.judged = index.pairCount
    }
    return entry
  }
}

/** @throws FaultError where a matcher is not valid */
export function compileMatchers(matchers: readonly Matcher[]): CompiledMatcher[] {
  return matchers.map((matcher) => {
    const compiled = compileMatcher(matcher)
    if (!compiled.ok) throw new FaultError(compiled.error)
    return compiled.value
  })
}

/** A test that each candidate must pass, over ids only. */
type SeriesTest = (series: number) => boolean

/**
 * The series of an index that all matchers take, ascending, appended to `out`. Candidates come from the shortest
 * list that a matcher names; the others are checked on the candidate's pair ids, so no second list is read.
 */
export function selectSeries(
  index: SeriesIndex,
  matchers: readonly CompiledMatcher[],
  cache: MatchCache,
  budget: QueryBudget,
  out: IntList,
): void {
  const tests: SeriesTest[] = []
  /** Candidate lists by number of series: each is a set of pairs whose postings together hold every answer. */
  let best: readonly number[] | undefined
  let bestCount = Number.POSITIVE_INFINITY
  let bestTest = -1
  for (const matcher of matchers) {
    const name = index.findName(matcher.matcher.name)
    if (name < 0) {
      if (!matcher.matchesEmpty) return
      continue
    }
    const pairs = candidatePairs(index, name, matcher, cache, budget)
    if (pairs !== undefined) {
      if (pairs.length === 0) return
      let count = 0
      for (const pair of pairs) count += index.postingCount(pair)
      if (count < bestCount) {
        best = pairs
        bestCount = count
        bestTest = tests.length
      }
    }
    tests.push(testOf(index, name, matcher, pairs, cache, budget))
  }
  const isListed = best !== undefined
  const rest = isListed ? tests.filter((_, i) => i !== bestTest) : tests
  const candidates = new IntList()
  if (best === undefined) {
    candidates.reserve(index.seriesCount)
    for (let series = 0; series < index.seriesCount; series++) candidates.push(series)
  } else {
    for (const pair of best) index.postings(pair, candidates)
    // A series has one pair of a name, so lists of several values never share a series; only their order is mixed.
    if (best.length > 1) candidates.items.subarray(0, candidates.count).sort()
  }
  filterInto(candidates, rest, budget, out)
}

function filterInto(candidates: IntList, tests: readonly SeriesTest[], budget: QueryBudget, out: IntList): void {
  next: for (let i = 0; i < candidates.count; i++) {
    if (i % CHECK_EVERY === CHECK_EVERY - 1) budget.check()
    const series = candidates.items[i] as number
    for (const test of tests) if (!test(series)) continue next
    out.push(series)
  }
}

/** The pairs one of which every answer must have, or undefined where an absent label matches too. */
function candidatePairs(
  index: SeriesIndex,
  name: number,
  matcher: CompiledMatcher,
  cache: MatchCache,
  budget: QueryBudget,
): readonly number[] | undefined {
  if (matcher.matchesEmpty) return undefined
  const shape = matcher.shape
  if (shape.kind === 'equal' && !shape.negated) {
    const pairs = new Set<number>()
    for (const value of shape.values) {
      const pair = index.findPair(matcher.matcher.name, value)
      if (pair >= 0) pairs.add(pair)
    }
    return [...pairs]
  }
  const { matched } = cache.pairs(index, name, matcher, budget)
  return Array.from(matched.items.subarray(0, matched.count)).filter((pair) => pair < index.pairCount)
}

function testOf(
  index: SeriesIndex,
  name: number,
  matcher: CompiledMatcher,
  pairs: readonly number[] | undefined,
  cache: MatchCache,
  budget: QueryBudget,
): SeriesTest {
  if (pairs !== undefined && pairs.length === 1) {
    const only = pairs[0] as number
    return (series) => index.hasPair(series, only)
  }
  const { matchesEmpty, shape } = matcher
  if (shape.kind === 'nonempty' || shape.kind === 'any') {
    return (series) => (index.pairOfSeries(series, name) < 0 ? matchesEmpty : shape.kind === 'any' || !shape.negated)
  }
  if (shape.kind === 'equal') {
    const listed = new Set(shape.values.map((value) => index.findPair(matcher.matcher.name, value)))
    return (series) => {
      const pair = index.pairOfSeries(series, name)
      return pair < 0 ? matchesEmpty : listed.has(pair) !== shape.negated
    }
  }
  const matched = cache.pairs(index, name, matcher, budget)
  return (series) => {
    const pair = index.pairOfSeries(series, name)
    return pair < 0 ? matchesEmpty : matched.has(pair)
  }
}
