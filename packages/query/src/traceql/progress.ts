/** How far a query has come. */
export interface Progress {
  /** Parts of its work that are done, of so many. */
  readonly done: number
  readonly total: number
  readonly inspectedSpans: number
  readonly inspectedTraces: number
}

/** Who is told now and then. */
export interface Follower {
  isDue(progress: Pick<Progress, 'done' | 'total'>): boolean
}

/** A search is as far as the time that it has come back to, in so many parts of its range. */
export const SEARCH_PARTS = 100

/** The part of [startNs, endNs) that a search has behind it which goes back from the end. */
export function searchedParts(startNs: bigint, endNs: bigint, reachedNs: bigint): number {
  if (reachedNs <= startNs || endNs <= startNs) return SEARCH_PARTS
  return reachedNs >= endNs ? 0 : Number(((endNs - reachedNs) * BigInt(SEARCH_PARTS)) / (endNs - startNs))
}
