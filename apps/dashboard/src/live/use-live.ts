import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import { loadCatalogue, useCatalogue } from '../explore/catalogue.ts'
import { type LiveFacts, LiveSession, NO_FACTS } from './live-session.ts'

const noChange = () => () => {}

export interface Live {
  readonly session: LiveSession | undefined
  readonly facts: LiveFacts
  /** Begins anew, after the server has refused. */
  readonly retry: () => void
}

/** Opens one session per selector and limit, once types and units are known; closes it with the page. */
export function useLive(matchers: string, seriesMax: number): Live {
  const catalogue = useCatalogue()
  const isKnown = catalogue.state === 'ready' || catalogue.state === 'failed'
  const metrics = useRef(catalogue.metrics)
  metrics.current = catalogue.metrics
  const [session, setSession] = useState<LiveSession | undefined>(undefined)
  const [attempt, setAttempt] = useState(0)
  const retry = useCallback(() => setAttempt((former) => former + 1), [])
  useEffect(() => {
    if (useCatalogue.getState().state === 'unknown') loadCatalogue()
  }, [])
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt asks for the same.
  useEffect(() => {
    if (!isKnown) return
    const made = new LiveSession(matchers, seriesMax, metrics.current)
    setSession(made)
    return () => {
      made.close()
      setSession(undefined)
    }
  }, [matchers, seriesMax, isKnown, attempt])
  const facts = useSyncExternalStore(session?.subscribe ?? noChange, session?.facts ?? (() => NO_FACTS))
  return useMemo(() => ({ session, facts, retry }), [session, facts, retry])
}
