import { useCallback, useEffect, useRef, useState } from 'react'
import { navigateSearch } from '../app/router.ts'
import type { LiveFacts, LiveSession } from './live-session.ts'
import type { LiveSort } from './live-url.ts'
import { sortNow } from './order.ts'

/**
 * The order of cards, taken when it is asked for, and when the page is opened or gone back to with it: cards never jump by
 * themselves.
 * @returns names of metrics, and what asks for an order; the same one again takes it anew
 */
export function useOrder(
  session: LiveSession | undefined,
  { connection, charts }: LiveFacts,
  sort: LiveSort,
): readonly [order: readonly string[], ask: (sort: LiveSort) => void] {
  const [order, setOrder] = useState<readonly string[]>([])
  const [asked, setAsked] = useState(0)
  const latest = useRef(charts)
  latest.current = charts
  const isOpen = connection !== 'connecting'
  // biome-ignore lint/correctness/useExhaustiveDependencies: asking for the same order again takes it anew.
  useEffect(() => {
    if (session === undefined || !isOpen) return
    let isWanted = true
    void session.lineFigures(undefined).then((figures) => {
      if (isWanted) setOrder(sortNow(latest.current, figures, sort))
    })
    return () => {
      isWanted = false
    }
  }, [session, isOpen, sort, asked])
  const ask = useCallback((wanted: LiveSort) => {
    navigateSearch({ sort: wanted === 'name' ? null : wanted })
    setAsked((former) => former + 1)
  }, [])
  return [order, ask]
}
