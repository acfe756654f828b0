import type { Panel } from '@vantage/model/dashboards'
import { useMemo } from 'react'
import { navigateSearch, readSearch, useSearch } from '../app/router.ts'
import type { Shortcut } from '../app/shortcuts.ts'
import { useShortcuts } from '../app/use-shortcuts.ts'
import { PanelCard } from './panel-card.tsx'
import { FULL_PARAM, toggleFull, toggleTable } from './panel-url.ts'
import type { PanelContext } from './use-panel.ts'

interface PanelGridProps {
  readonly panels: readonly Panel[]
  readonly context: PanelContext
}

/** Panels where their document puts them; one alone where the URL says so. */
export function PanelGrid({ panels, context }: PanelGridProps) {
  const full = useSearch().get(FULL_PARAM)
  const ordered = useMemo(() => [...panels].sort(({ place: a }, { place: b }) => a.y - b.y || a.x - b.x), [panels])
  const alone = ordered.find(({ id }) => id === full)
  usePanelShortcuts(ordered)
  return (
    <div className="panel-grid" data-full={alone !== undefined}>
      {(alone === undefined ? ordered : [alone]).map((panel) => (
        <PanelCard key={panel.id} panel={panel} context={context} />
      ))}
    </div>
  )
}

function usePanelShortcuts(panels: readonly Panel[]): void {
  const shortcuts = useMemo<readonly Shortcut[]>(() => {
    const onFocused = (run: (id: string) => void) => () => {
      const id = readSearch().get(FULL_PARAM) ?? focusedPanel()
      if (id !== undefined) run(id)
    }
    const move = (step: number) => () => {
      const at = panels.findIndex(({ id }) => id === focusedPanel())
      const next = panels[at < 0 ? 0 : Math.max(0, Math.min(panels.length - 1, at + step))]
      if (next !== undefined) focusPanel(next.id)
    }
    return [
      { keys: 'j', label: 'Next panel', run: move(1) },
      { keys: 'k', label: 'Previous panel', run: move(-1) },
      { keys: 'v', label: 'Fill the page with the panel', run: onFocused(toggleFull) },
      { keys: 'shift+t', label: 'Panel as table', run: onFocused(toggleTable) },
      { keys: 'Escape', label: 'Back to all panels', run: () => navigateSearch({ [FULL_PARAM]: null }) },
    ]
  }, [panels])
  useShortcuts(shortcuts)
}

function focusedPanel(): string | undefined {
  return document.activeElement?.closest<HTMLElement>('[data-panel]')?.dataset['panel']
}

/** Focus goes to the first tool of the panel, from where Tab leads into it. */
function focusPanel(id: string): void {
  const panel = document.querySelector<HTMLElement>(`[data-panel="${CSS.escape(id)}"]`)
  panel?.querySelector('button')?.focus()
  panel?.scrollIntoView({ block: 'nearest' })
}
