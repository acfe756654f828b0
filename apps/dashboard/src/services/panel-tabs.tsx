import type { Panel } from '@vantage/model/dashboards'
import { useMemo } from 'react'
import { PanelGrid } from '../dashboards/panel-grid.tsx'
import { logPanels, overviewPanels, tracePanels } from './service-panels.ts'
import type { ServicePartProps } from './service-tabs.ts'

const NO_CHOICES = new Map<string, readonly string[]>()

/** How long its requests took, and its newest traces. */
export function TracesTab(part: ServicePartProps) {
  const panels = useMemo(() => tracePanels(part.service), [part.service])
  return <Panels {...part} panels={panels} />
}

/** What it writes, by level, and its newest lines. */
export function LogsTab(part: ServicePartProps) {
  const panels = useMemo(() => logPanels(part.service), [part.service])
  return <Panels {...part} panels={panels} />
}

/** Requests, latency, and what it writes, over time. */
export function OverviewPanels(part: ServicePartProps) {
  const panels = useMemo(() => overviewPanels(part.service), [part.service])
  return <Panels {...part} panels={panels} />
}

function Panels({ range, zone, panels }: ServicePartProps & { readonly panels: readonly Panel[] }) {
  const { startMs, endMs } = range
  const context = useMemo(() => ({ choices: NO_CHOICES, range: { startMs, endMs }, zone }), [startMs, endMs, zone])
  return <PanelGrid panels={panels} context={context} />
}
