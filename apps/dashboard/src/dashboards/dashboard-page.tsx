import type { Dashboard } from '@vantage/model/dashboards'
import { useMemo } from 'react'
import { Link } from '../app/link.tsx'
import { pathPart, usePath, useSearch } from '../app/router.ts'
import { useNamedScreen } from '../app/screen-name.ts'
import { useOverviewRefresh } from '../explore/use-live-refresh.ts'
import { Faults } from '../parts/faults.tsx'
import { StarButton } from '../parts/star-button.tsx'
import { rangeOf, timeStateOf, useTimeMemory } from '../time/time-store.ts'
import { choicesOf } from './fill.ts'
import { panelRange } from './panel-answer.ts'
import { PanelGrid } from './panel-grid.tsx'
import { useDashboard } from './use-dashboard.ts'
import { VariablesBar } from './variables-bar.tsx'

/** One dashboard, as its document says. */
export default function DashboardPage() {
  const id = pathPart(usePath(), 2)
  const asked = useDashboard(id)
  const { answer, fault } = asked
  if (answer !== undefined) return <Drawn dashboard={answer} />
  if (asked.isLoading || fault === undefined) return <div className="skeleton page-skeleton" aria-busy="true" />
  if (fault.code === 'not_found') return <NoDashboard id={id} />
  return (
    <>
      <h1>{id}</h1>
      <Faults of={{ 'This dashboard cannot be shown': asked }} />
    </>
  )
}

function Drawn({ dashboard: { id, title, description, variables, panels } }: { readonly dashboard: Dashboard }) {
  useNamedScreen(title)
  const search = useSearch()
  const { zone, isLive, choice } = timeStateOf(search)
  const { nowMs } = useTimeMemory()
  const { startMs, endMs } = rangeOf({ choice, zone, isLive }, nowMs)
  const choices = useMemo(() => choicesOf(variables, search), [variables, search])
  const context = useMemo(() => ({ choices, range: { startMs, endMs }, zone }), [choices, startMs, endMs, zone])
  useOverviewRefresh(isLive, panelRange('time-series', context.range))
  return (
    <div className="dashboard">
      <div className="page-head">
        <h1 title={description}>{title}</h1>
        <StarButton kind="dashboards" name={id} label={title} />
        <VariablesBar variables={variables} choices={choices} range={context.range} />
      </div>
      <PanelGrid panels={panels} context={context} />
    </div>
  )
}

function NoDashboard({ id }: { readonly id: string }) {
  return (
    <div className="card empty">
      <h1>There is no such dashboard</h1>
      <p className="code">{id}</p>
      <Link className="button primary" to="/dashboards">
        All dashboards
      </Link>
    </div>
  )
}
