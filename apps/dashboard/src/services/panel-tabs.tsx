import type { ChangeEvent } from '@vantage/api/client'
import type { Panel } from '@vantage/model/dashboards'
import { useMemo } from 'react'
import { navigateSearch, useParam } from '../app/router.ts'
import { PanelGrid } from '../dashboards/panel-grid.tsx'
import type { HeatmapExplain } from '../dashboards/picture-panels.tsx'
import { type Region, regionOf, regionText } from '../traces/region.ts'
import { logPanels, overviewPanels, tracePanels } from './service-panels.ts'
import type { ServicePartProps } from './service-tabs.ts'
import { useServiceEvents } from './use-service-events.ts'

const NO_CHOICES = new Map<string, readonly string[]>()
const NO_EVENTS: readonly ChangeEvent[] = []

/** How long its requests took, and its newest traces. */
export function TracesTab(part: ServicePartProps) {
  const panels = useMemo(() => tracePanels(part.service), [part.service])
  return <Panels {...part} panels={panels} events={useServiceEvents(part).answer} />
}

/** What it writes, by level, and its newest lines. */
export function LogsTab(part: ServicePartProps) {
  const panels = useMemo(() => logPanels(part.service), [part.service])
  return <Panels {...part} panels={panels} events={useServiceEvents(part).answer} />
}

/** Requests, latency, and what it writes, over time. */
export function OverviewPanels(part: ServicePartProps & { readonly events: readonly ChangeEvent[] | undefined }) {
  const panels = useMemo(() => overviewPanels(part.service), [part.service])
  const region = useParam('region')
  const explain = useMemo(
    () => ({
      region: regionOf(region),
      onRegion: (chosen: Region) => navigateSearch({ region: regionText(chosen) }),
    }),
    [region],
  )
  return <Panels {...part} panels={panels} explain={explain} />
}

interface PanelsProps extends ServicePartProps {
  readonly panels: readonly Panel[]
  /** What its charts mark. */
  readonly events: readonly ChangeEvent[] | undefined
  readonly explain?: HeatmapExplain
}

function Panels({ range, zone, panels, explain, events = NO_EVENTS }: PanelsProps) {
  const { startMs, endMs } = range
  const context = useMemo(() => {
    const marks = events.map(({ timeMs, title }) => ({ atMs: timeMs, label: title }))
    return { choices: NO_CHOICES, range: { startMs, endMs }, zone, marks, explain }
  }, [startMs, endMs, zone, events, explain])
  return <PanelGrid panels={panels} context={context} />
}
