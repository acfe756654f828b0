import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import { loadCatalogue, useCatalogue } from '../explore/catalogue.ts'
import { type LiveFacts, LiveSession, NO_FACTS } from './live-session.ts'

const noChange = () => () => {}

export interface Live {
  readonly session: LiveSession | undefined
  readonly facts: LiveFacts
}

/** Opens one session per selector, once types and units are known; closes it with the page. */
export function useLive(matchers: string): Live {
  const catalogue = useCatalogue()
  const isKnown = catalogue.state === 'ready' || catalogue.state === 'failed'
  const metrics = useRef(catalogue.metrics)
  metrics.current = catalogue.metrics
  const [session, setSession] = useState<LiveSession | undefined>(undefined)
  useEffect(() => {
    if (useCatalogue.getState().state === 'unknown') void loadCatalogue()
  }, [])
  useEffect(() => {
    if (!isKnown) return
    const made = new LiveSession(matchers, metrics.current)
    setSession(made)
    return () => {
      made.close()
      setSession(undefined)
    }
  }, [matchers, isKnown])
  const facts = useSyncExternalStore(session?.subscribe ?? noChange, session?.facts ?? (() => NO_FACTS))
  return useMemo(() => ({ session, facts }), [session, facts])
}
