import { type ComponentType, useEffect } from 'react'
import { onDemand } from '../app/on-demand.tsx'
import { PaneScope, useSearch } from '../app/router.ts'
import { giveKeysTo } from '../app/use-shortcuts.ts'
import { PANES, type Signal, signalIn } from './signals.ts'

const PAGES: Readonly<Record<Signal, ComponentType>> = {
  metrics: onDemand(() => import('./page.tsx')),
  logs: onDemand(() => import('../logs/page.tsx')),
  traces: onDemand(() => import('../traces/page.tsx')),
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
            data-pane={pane}
            aria-label={pane === 'left' ? 'Left half' : 'Right half'}
            onFocusCapture={() => giveKeysTo(pane)}
            onPointerDownCapture={() => giveKeysTo(pane)}
          >
            <PaneScope value={pane}>
              <Page key={signal} />
            </PaneScope>
          </section>
        )
      })}
    </div>
  )
}
