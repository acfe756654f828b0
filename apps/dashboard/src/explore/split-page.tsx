// biome-ignore lint/correctness/noUnresolvedImports: biome does not see constants within the namespace of @types/react.
import { type ComponentType, lazy, Suspense, useEffect } from 'react'
import { PaneScope, useSearch } from '../app/router.ts'
import { giveKeysTo } from '../app/use-shortcuts.ts'
import { PANES, type Signal, signalIn } from './signals.ts'

const PAGES: Readonly<Record<Signal, ComponentType>> = {
  metrics: lazy(() => import('./page.tsx')),
  logs: lazy(() => import('../logs/page.tsx')),
  traces: lazy(() => import('../traces/page.tsx')),
}

/** Explore, twice: two queries side by side over the same time. Keys are for the half that was used last. */
export default function SplitPage() {
  const search = useSearch()
  useEffect(() => giveKeysTo(PANES[0]), [])
  return (
    <div className="split">
      <h1 className="visually-hidden">Explore, split</h1>
      {PANES.map((pane) => {
        const signal = signalIn(search, pane)
        const Page = PAGES[signal]
        return (
          <section
            key={pane}
            className="pane"
            aria-label={pane === 'left' ? 'Left half' : 'Right half'}
            onFocusCapture={() => giveKeysTo(pane)}
            onPointerDownCapture={() => giveKeysTo(pane)}
          >
            <PaneScope value={pane}>
              <Suspense fallback={<div className="skeleton page-skeleton" aria-busy="true" />}>
                <Page key={signal} />
              </Suspense>
            </PaneScope>
          </section>
        )
      })}
    </div>
  )
}
