import { type KeyboardEvent, useEffect, useMemo, useState } from 'react'
import { dashboardPath } from '../dashboards/dashboard-list.ts'
import { loadCatalogue, useCatalogue } from '../explore/catalogue.ts'
import { defaultQuery } from '../explore/default-query.ts'
import { useAsked } from '../explore/use-asked.ts'
import { Dialog } from '../parts/dialog.tsx'
import { SERVICES_QUERY } from '../services/service-queries.ts'
import { copyFixedLink, copyLink } from '../share/share-menu.tsx'
import { pageNowMs } from '../time/page-clock.ts'
import { parseTimeText } from '../time/parse-time-text.ts'
import { chooseTime, timeStateOf } from '../time/time-store.ts'
import { viewParams } from '../views/view-model.ts'
import { useSavedViews } from '../views/views-store.ts'
import { client } from './client.ts'
import { type PaletteItem, type PaletteSources, paletteItems } from './palette-model.ts'
import { switchTheme, toggleRail } from './preferences.ts'
import { navigatePath, readSearch } from './router.ts'
import { ROUTES } from './routes.ts'

interface PaletteProps {
  readonly onClose: () => void
  readonly onShortcuts: () => void
}

/** Jump to a screen, a service, a metric, a time or an action; a pasted trace id or PromQL is opened. */
export function Palette({ onClose, onShortcuts }: PaletteProps) {
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const sources = useSources(onShortcuts)
  const items = paletteItems(text, sources)
  const chosen = Math.min(at, items.length - 1)
  useEffect(() => {
    document.getElementById(`palette-${chosen}`)?.scrollIntoView({ block: 'nearest' })
  }, [chosen])
  const run = (item: PaletteItem | undefined) => {
    if (item === undefined) return
    onClose()
    item.run()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const to = { ArrowDown: chosen + 1, ArrowUp: chosen - 1, Home: 0, End: items.length - 1 }[event.key]
    if (to !== undefined) setAt((to + items.length) % Math.max(1, items.length))
    else if (event.key === 'Enter') run(items[chosen])
    else return
    event.preventDefault()
  }
  return (
    <Dialog title="Search or jump" isTitleHidden onClose={onClose}>
      <input
        className="palette-input"
        role="combobox"
        aria-label="Search or jump"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={items.length > 0 ? `palette-${chosen}` : undefined}
        placeholder="Screen, service, trace id, metric, PromQL, time range or action"
        value={text}
        onChange={(event) => {
          setText(event.target.value)
          setAt(0)
        }}
        onKeyDown={onKeyDown}
      />
      <div className="palette-list" id="palette-list" role="listbox" aria-label="Results" tabIndex={-1}>
        {items.map((item, i) => (
          <PaletteRow key={item.id} item={item} id={`palette-${i}`} isChosen={i === chosen} run={() => run(item)} />
        ))}
        {items.length === 0 && (
          <div className="menu-item" role="option" aria-selected="false" aria-disabled="true" tabIndex={-1}>
            Nothing matches “{text}”
          </div>
        )}
      </div>
    </Dialog>
  )
}

interface PaletteRowProps {
  readonly item: PaletteItem
  readonly id: string
  readonly isChosen: boolean
  readonly run: () => void
}

function PaletteRow({ item, id, isChosen, run }: PaletteRowProps) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the input above handles the keys of its list.
    <div id={id} role="option" aria-selected={isChosen} tabIndex={-1} className="menu-item" onClick={run}>
      <span className={item.group === 'Metric' || item.group === 'Query' ? 'title code' : 'title'}>{item.title}</span>
      <span className="aside">{item.aside === '' ? item.group : item.aside}</span>
    </div>
  )
}

function useSources(onShortcuts: () => void): PaletteSources {
  const { metrics, names } = useCatalogue()
  useEffect(() => {
    if (useCatalogue.getState().state !== 'ready') loadCatalogue()
  }, [])
  const services = useServiceNames()
  const { views } = useSavedViews()
  const dashboards = useDashboardItems()
  return useMemo(() => {
    const nameSet = new Set(names)
    const openQuery = (text: string) => navigatePath('/explore/metrics', { a: text })
    return {
      routes: ROUTES.filter(({ path }) => !path.includes(':')).map((route) => ({
        id: route.path,
        group: 'Go to' as const,
        title: route.group === undefined ? route.title : `${route.group} › ${route.title}`,
        aside: '',
        run: () => navigatePath(route.path),
      })),
      actions: actionItems(onShortcuts),
      views: (views ?? []).map((view) => ({
        id: `view ${view.id}`,
        group: 'View' as const,
        title: view.name,
        aside: 'saved view',
        run: () => navigatePath(view.path, viewParams(view)),
      })),
      dashboards,
      serviceNames: services,
      openService: (name: string) => navigatePath(`/services/${encodeURIComponent(name)}`),
      openTrace: (traceId: string) => navigatePath(`/trace/${traceId}`),
      metricNames: metrics.map((metric) => metric.name),
      parseTime: (text: string) => parseTimeText(text, pageNowMs(), timeStateOf(readSearch()).zone),
      openMetric: (name: string) => {
        const metric = metrics.find((one) => one.name === name)
        if (metric !== undefined) openQuery(defaultQuery(metric, nameSet))
      },
      openQuery,
      applyTime: chooseTime,
    }
  }, [metrics, names, services, views, dashboards, onShortcuts])
}

/** Services that requests came to; asked when the palette opens. */
function useServiceNames(): readonly string[] {
  const { answer } = useAsked('services', (signal) => client.queryInstant(SERVICES_QUERY, pageNowMs(), signal))
  return useMemo(() => {
    const samples = answer?.data.kind === 'vector' ? answer.data.samples : []
    return samples.map(({ metric }) => metric['service'] ?? '').sort((a, b) => a.localeCompare(b))
  }, [answer])
}

/** Dashboards by title; asked when the palette opens. */
function useDashboardItems(): readonly PaletteItem[] {
  const { answer } = useAsked('dashboards', (signal) => client.dashboards(signal))
  return useMemo(() => {
    return (answer?.dashboards ?? []).map(({ id, title }) => ({
      id: `dashboard ${id}`,
      group: 'Dashboard' as const,
      title,
      aside: '',
      run: () => navigatePath(dashboardPath(id, title)),
    }))
  }, [answer])
}

function actionItems(onShortcuts: () => void): PaletteItem[] {
  const action = (title: string, run: () => void): PaletteItem => ({
    id: title,
    group: 'Action',
    title,
    aside: '',
    run,
  })
  return [
    action('Switch theme', switchTheme),
    action('Collapse or expand the rail', toggleRail),
    action('Copy link', copyLink),
    action('Copy link to these minutes', copyFixedLink),
    action('Show keyboard shortcuts', onShortcuts),
  ]
}
