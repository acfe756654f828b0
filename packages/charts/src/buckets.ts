/** Counts at or below a bound, as classic histograms state them. */
export interface CumulativeBucket {
  /** Upper bound; infinite for the last. */
  readonly bound: number
  /** One for each step; null where nothing is known. */
  readonly counts: readonly (number | null)[]
}

/** Counts between two bounds. */
export interface Bucket {
  /** Exclusive; −∞ for the lowest. */
  readonly low: number
  readonly high: number
  readonly counts: readonly number[]
}

/**
 * What falls between neighbouring bounds, ascending. Series whose bounds differ may state less at a higher bound than at a
 * lower one: what is below a bound is never less than what is below a lower one.
 */
export function bucketsOf(cumulative: readonly CumulativeBucket[]): Bucket[] {
  const sorted = [...cumulative].sort((a, b) => a.bound - b.bound)
  const below: number[] = []
  return sorted.map(({ bound, counts }, i) => ({
    low: sorted[i - 1]?.bound ?? Number.NEGATIVE_INFINITY,
    high: bound,
    counts: counts.map((given, step) => {
      const former = below[step] ?? 0
      const count = Math.max(former, given ?? 0)
      below[step] = count
      return count - former
    }),
  }))
}

/** Without those at both ends in which nothing ever was. */
export function trimmedBuckets(buckets: readonly Bucket[]): Bucket[] {
  const isUsed = ({ counts }: Bucket) => counts.some((count) => count > 0)
  const first = buckets.findIndex(isUsed)
  return first < 0 ? [] : buckets.slice(first, buckets.findLastIndex(isUsed) + 1)
}

/** `5 ms … 10 ms`, `≤ 5 ms`, `> 10 s`. */
export function bucketName({ low, high }: Pick<Bucket, 'low' | 'high'>, formatted: (value: number) => string): string {
  if (high === Number.POSITIVE_INFINITY) return low === Number.NEGATIVE_INFINITY ? 'all' : `> ${formatted(low)}`
  return low === Number.NEGATIVE_INFINITY ? `≤ ${formatted(high)}` : `${formatted(low)} … ${formatted(high)}`
}
