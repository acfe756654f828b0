import { LiveStage } from '@vantage/charts'
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import { loadCatalogue, useCatalogue } from '../explore/catalogue.ts'
import { type LiveFacts, LiveSession } from './live-session.ts'

/** How far one may scrub back, ms; as much as the rings keep. */
export const SCRUB_MAX_MS = 300_000

/** The view of all charts: the running clock, or a moment that was frozen. */
export class LiveView {
  readonly session: LiveSession
  readonly stage: LiveStage
  /** Right edge of all charts while frozen, unix ms. */
  frozenAtMs: number | undefined
  /** Samples taken when the view was frozen. */
  takenAtFreeze = 0

  constructor(session: LiveSession) {
    this.session = session
    const motion = matchMedia('(prefers-reduced-motion: reduce)')
    this.stage = new LiveStage(
      () => this.viewEndMs(),
      () => motion.matches,
    )
  }

  viewEndMs(): number {
    return this.frozenAtMs ?? this.session.nowMs()
  }

  freeze(atMs: number): void {
    if (this.frozenAtMs === undefined) this.takenAtFreeze = this.session.samplesTaken
    this.frozenAtMs = atMs
    this.stage.invalidateAll()
  }

  resume(): void {
    this.frozenAtMs = undefined
    this.stage.invalidateAll()
  }
}

const WAITING: LiveFacts = {
  connection: 'connecting',
  charts: [],
  hosts: [],
  isTruncated: false,
  failure: undefined,
  lostSinceMs: 0,
  dropped: 0,
}
const noChange = () => () => {}

export interface Live {
  readonly view: LiveView | undefined
  readonly facts: LiveFacts
}

/** Opens one session per selector, once types and units are known; closes it with the page. */
export function useLive(matchers: string): Live {
  const catalogue = useCatalogue()
  const isKnown = catalogue.state === 'ready' || catalogue.state === 'failed'
  const metrics = useRef(catalogue.metrics)
  metrics.current = catalogue.metrics
  const [view, setView] = useState<LiveView | undefined>(undefined)
  useEffect(() => {
    if (useCatalogue.getState().state === 'unknown') void loadCatalogue()
  }, [])
  useEffect(() => {
    if (!isKnown) return
    const made = new LiveView(new LiveSession(matchers, metrics.current))
    setView(made)
    made.stage.start()
    return () => {
      made.stage.stop()
      made.session.close()
      setView(undefined)
    }
  }, [matchers, isKnown])
  const facts = useSyncExternalStore(view?.session.subscribe ?? noChange, view?.session.facts ?? (() => WAITING))
  return useMemo(() => ({ view, facts }), [view, facts])
}
