/** z of the 99.5 % quantile of the normal distribution: both ends of a 99 % interval. */
const Z99 = 2.5758293035489
/** Counts up to here are tested exactly. */
const EXACT_MAX = 400

/** How often something was seen among how many. */
export interface Proportion {
  readonly count: number
  readonly of: number
}

export function shareOf({ count, of }: Proportion): number {
  return of === 0 ? 0 : count / of
}

/**
 * By how much the first share is surely the larger one: the lower end of the 99 % interval of their difference.
 * Source: R. G. Newcombe, "Interval estimation for the difference between independent proportions", 1998, method 10
 * (Wilson score, without continuity correction).
 */
export function leastDifference(a: Proportion, b: Proportion): number {
  const [p1, p2] = [shareOf(a), shareOf(b)]
  const [l1] = wilson(a)
  const [, u2] = wilson(b)
  return p1 - p2 - Math.sqrt((p1 - l1) ** 2 + (u2 - p2) ** 2)
}

/** Wilson's score interval of a share. */
function wilson({ count, of }: Proportion): [lower: number, upper: number] {
  if (of === 0) return [0, 1]
  const share = count / of
  const z2 = Z99 * Z99
  const middle = (share + z2 / (2 * of)) / (1 + z2 / of)
  const reach = (Z99 * Math.sqrt((share * (1 - share)) / of + z2 / (4 * of * of))) / (1 + z2 / of)
  return [Math.max(0, middle - reach), Math.min(1, middle + reach)]
}

/**
 * The probability that a share at least as much larger comes about by chance: exactly (Fisher, one-sided) where counts
 * are small, by the normal approximation with continuity correction where they are large.
 */
export function chanceOf(a: Proportion, b: Proportion): number {
  if (a.of === 0 || b.of === 0) return 1
  const successes = a.count + b.count
  if (Math.min(successes, a.of) <= EXACT_MAX) return fisherTail(a, b)
  const pooled = successes / (a.of + b.of)
  const deviation = Math.sqrt(pooled * (1 - pooled) * (1 / a.of + 1 / b.of))
  if (deviation === 0) return 1
  const correction = (1 / a.of + 1 / b.of) / 2
  return normalTail((shareOf(a) - shareOf(b) - correction) / deviation)
}

/** Sum of the hypergeometric probabilities of `a.count` and more. */
function fisherTail(a: Proportion, b: Proportion): number {
  const successes = a.count + b.count
  const all = a.of + b.of
  const most = Math.min(successes, a.of)
  const total = logChoose(all, successes)
  let sum = 0
  for (let k = a.count; k <= most; k++) {
    if (successes - k > b.of) continue
    sum += Math.exp(logChoose(a.of, k) + logChoose(b.of, successes - k) - total)
  }
  return Math.min(1, sum)
}

function logChoose(n: number, k: number): number {
  return logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1)
}

/** Stirling's series for the logarithm of the gamma function, after a walk up to where it is exact to 12 digits. */
function logGamma(x: number): number {
  let shift = 0
  let at = x
  for (; at < 10; at++) shift += Math.log(at)
  const inverse = 1 / at
  const square = inverse * inverse
  const series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680)))
  return (at - 0.5) * Math.log(at) - at + 0.5 * Math.log(2 * Math.PI) + series - shift
}

/** Probability of a standard normal variable above `z`: a series near 0, Mills' continued fraction in the tail. */
export function normalTail(z: number): number {
  if (z < 0) return 1 - normalTail(-z)
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)
  if (z < 3) {
    let term = z
    let sum = z
    for (let n = 1; Math.abs(term) > 1e-17 && n < 200; n++) {
      term *= (z * z) / (2 * n + 1)
      sum += term
    }
    return 0.5 - density * sum
  }
  let fraction = z
  for (let n = 60; n > 0; n--) fraction = z + n / fraction
  return density / fraction
}

/**
 * Benjamini and Hochberg's adjustment: of those whose adjusted value is at most q, about the share q is chance.
 * @returns adjusted values in the order of the input
 */
export function adjusted(chances: readonly number[]): number[] {
  const order = chances.map((_, i) => i).sort((a, b) => (chances[b] as number) - (chances[a] as number))
  const out = new Array<number>(chances.length)
  let least = 1
  order.forEach((i, place) => {
    least = Math.min(least, ((chances[i] as number) * chances.length) / (chances.length - place))
    out[i] = least
  })
  return out
}
