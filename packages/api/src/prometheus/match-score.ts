/** How well a name fits what somebody typed: 0 = not at all, 1 = as well as can be. */
export type Score = (name: string) => number

/** Common beginnings count for so many characters, so much each. Source: W. E. Winkler, "String Comparator Metrics". */
const WINKLER_CHARS = 4
const WINKLER_WEIGHT = 0.1
/** Of a match inside a name, by `jarowinkler`. */
const INSIDE_SCORE = 0.9

/**
 * The characters of `term` in their order: runs score their length squared, gaps cost their share of the name, and what
 * is left behind the last run half of that; over all starts the best, as a share of one whole run. A beginning scores 1.
 * Characters are UTF-16 units. Source: Prometheus, search API, `fuzz_alg=subsequence`.
 */
export function subsequenceScore(term: string): Score {
  return (name) => {
    if (name.startsWith(term)) return 1
    let best = -1
    const lastStart = name.length - term.length
    for (let start = name.indexOf(term[0] as string); start >= 0 && start <= lastStart; ) {
      const score = runsFrom(name, term, start)
      // What cannot be completed from here cannot be from later.
      if (score === undefined) break
      best = Math.max(best, score)
      start = name.indexOf(term[0] as string, start + 1)
    }
    return Math.max(best, 0) / (term.length * term.length)
  }
}

/** @returns undefined where the term does not lie behind `start` */
function runsFrom(name: string, term: string, start: number): number | undefined {
  let score = 0
  let penalty = 0
  let at = start
  let end = 0
  for (let done = 0; done < term.length; ) {
    at = name.indexOf(term[done] as string, at)
    if (at < 0) return undefined
    penalty += at - end
    const from = at
    while (done < term.length && name[at] === term[done]) {
      at++
      done++
    }
    score += (at - from) ** 2
    end = at
  }
  return score - (penalty + (name.length - end) / 2) / name.length
}

/** A beginning scores 1, a part 0.9, all else the Jaro-Winkler similarity. Source: as above, `fuzz_alg=jarowinkler`. */
export function jaroWinklerScore(term: string): Score {
  return (name) => {
    const at = name.indexOf(term)
    if (at >= 0) return at === 0 ? 1 : INSIDE_SCORE
    const jaro = jaroSimilarity(term, name)
    let common = 0
    while (common < WINKLER_CHARS && common < term.length && term[common] === name[common]) common++
    return jaro + common * WINKLER_WEIGHT * (1 - jaro)
  }
}

function jaroSimilarity(a: string, b: string): number {
  const reach = Math.max(Math.floor(Math.max(a.length, b.length) / 2) - 1, 0)
  const taken = new Uint8Array(b.length)
  const ofA: string[] = []
  for (let i = 0; i < a.length; i++) {
    for (let j = Math.max(i - reach, 0); j < Math.min(i + reach + 1, b.length); j++) {
      if (taken[j] === 1 || a[i] !== b[j]) continue
      taken[j] = 1
      ofA.push(a[i] as string)
      break
    }
  }
  const found = ofA.length
  if (found === 0) return 0
  let moved = 0
  let next = 0
  for (let j = 0; j < b.length; j++) if (taken[j] === 1 && ofA[next++] !== b[j]) moved++
  return (found / a.length + found / b.length + (found - moved / 2) / found) / 3
}
