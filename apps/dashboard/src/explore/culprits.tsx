import { useEffect, useState } from 'react'
import type { QueryVariant } from './empty-reason.ts'

export interface Culprit extends QueryVariant {
  /** Found without the part. */
  readonly found: number
}

/**
 * The parts of a query that remove everything: without one of them there is something.
 * @param count asks how much there is without the part; it is asked once for each query
 */
export function useCulprits(
  query: string,
  variantsOf: (query: string) => readonly QueryVariant[],
  count: (variant: QueryVariant, signal: AbortSignal) => Promise<number>,
): readonly Culprit[] {
  const [culprits, setCulprits] = useState<readonly Culprit[]>([])
  // biome-ignore lint/correctness/useExhaustiveDependencies: a refresh moves the end, which is no reason to ask again.
  useEffect(() => {
    const abort = new AbortController()
    setCulprits([])
    const ask = async (variant: QueryVariant) => ({ ...variant, found: await count(variant, abort.signal) })
    void Promise.all(variantsOf(query).map(ask)).then((tried) => {
      if (!abort.signal.aborted) setCulprits(tried.filter(({ found }) => found > 0))
    })
    return () => abort.abort()
  }, [query])
  return culprits
}

interface CulpritListProps {
  readonly culprits: readonly Culprit[]
  readonly one: string
  readonly many: string
  readonly onQuery: (query: string) => void
}

/** Each with what there is without it, and the way to drop it. */
export function CulpritList({ culprits, one, many, onQuery }: CulpritListProps) {
  return culprits.map(({ part, found, query }) => (
    <p key={part}>
      Without <code>{part}</code> there {found === 1 ? 'is' : 'are'} {found.toLocaleString('en')}{' '}
      {found === 1 ? one : many}.{' '}
      <button type="button" className="button small" onClick={() => onQuery(query)}>
        Drop it
      </button>
    </p>
  ))
}
