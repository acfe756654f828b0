import { formatValue, NO_DATA, PLAIN } from '@vantage/charts'
import type { ComponentType } from 'react'
import { client } from '../app/client.ts'
import { Link } from '../app/link.tsx'
import { pathPart, usePath } from '../app/router.ts'
import { useAsked } from '../explore/use-asked.ts'
import { usePageRange } from '../explore/use-page-range.ts'
import { Notice } from '../parts/notice.tsx'
import { StarButton } from '../parts/star-button.tsx'
import { DependenciesTab } from './dependencies-tab.tsx'
import { DeploysTab } from './deploys-tab.tsx'
import { Change, StateMark } from './figures.tsx'
import { MetricsTab } from './metrics-tab.tsx'
import { OperationsTab } from './operations-tab.tsx'
import { OverviewTab } from './overview-tab.tsx'
import { LogsTab, TracesTab } from './panel-tabs.tsx'
import { NO_RED, type Red, redBy, STATE_RULE, stateOf } from './service-model.ts'
import { figuresQuery } from './service-queries.ts'
import { partKey, SERVICE_TABS, type ServicePartProps, type ServiceTab, serviceTab, tabPath } from './service-tabs.ts'
import { RATIO, SECONDS } from './units.ts'

const TABS: Readonly<Record<ServiceTab, ComponentType<ServicePartProps>>> = {
  overview: OverviewTab,
  operations: OperationsTab,
  traces: TracesTab,
  logs: LogsTab,
  metrics: MetricsTab,
  dependencies: DependenciesTab,
  deploys: DeploysTab,
}

/** One service: how it does, against the time before, and the ways to why. */
export default function ServicePage() {
  const path = usePath()
  const service = pathPart(path, 2)
  const tab = serviceTab(pathPart(path, 3))
  const { range, zone } = usePageRange()
  const part: ServicePartProps = { service, range, zone }
  const figures = useFigures(part)
  const Tab = tab === undefined ? NoTab : TABS[tab]
  return (
    <div className="service">
      <Head service={service} figures={figures} />
      <Tabs service={service} current={tab} />
      {tab === 'overview' && <Figures {...figures} />}
      <Tab {...part} />
    </div>
  )
}

function Tabs({ service, current }: { readonly service: string; readonly current: ServiceTab | undefined }) {
  return (
    <nav className="service-tabs" aria-label={`Views of ${service}`}>
      {(Object.keys(SERVICE_TABS) as ServiceTab[]).map((tab) => (
        <Link key={tab} to={tabPath(service, tab)} aria-current={tab === current ? 'page' : undefined}>
          {SERVICE_TABS[tab]}
        </Link>
      ))}
    </nav>
  )
}

function NoTab({ service }: ServicePartProps) {
  return (
    <div className="card empty">
      <strong>There is no such view of a service</strong>
      <Link className="button" to={tabPath(service, 'overview')}>
        Overview
      </Link>
    </div>
  )
}

/** How it does now and did before. */
function useFigures(part: ServicePartProps) {
  const { service, range } = part
  const spanMs = range.endMs - range.startMs
  const ask = (offsetMs: number) => (signal: AbortSignal) =>
    client.queryInstant(figuresQuery(spanMs, offsetMs, 'service', service), range.endMs, signal)
  const asked = useAsked(partKey(part), ask(0))
  const askedBefore = useAsked(partKey(part), ask(spanMs))
  const now = redBy(asked.answer, 'service').get(service) ?? NO_RED
  const before = redBy(askedBefore.answer, 'service').get(service)
  return { now, before, isKnown: asked.answer !== undefined, isLoading: asked.isLoading, fault: asked.fault }
}

interface HeadProps {
  readonly service: string
  readonly figures: ReturnType<typeof useFigures>
}

function Head({ service, figures: { now, before, isKnown, fault } }: HeadProps) {
  return (
    <>
      <div className="page-head">
        <h1>{service}</h1>
        {isKnown && (
          <span title={STATE_RULE}>
            <StateMark state={stateOf(now, before)} />
          </span>
        )}
        <div className="tools">
          <StarButton kind="services" name={service} label={service} />
        </div>
      </div>
      {fault !== undefined && fault.code !== 'cancelled' && <Notice kind="critical">{fault.message}</Notice>}
    </>
  )
}

interface FiguresProps {
  readonly now: Red
  readonly before: Red | undefined
  readonly isLoading: boolean
}

function Figures({ now, before, isLoading }: FiguresProps) {
  const errors = Number.isNaN(now.errorShare) ? NO_DATA : formatValue(now.errorShare, RATIO)
  const figures = [
    { name: 'Requests/s', text: formatValue(now.rate, PLAIN), now: now.rate, before: before?.rate, isGood: undefined },
    { name: 'Errors', text: errors, now: now.errorShare, before: before?.errorShare, isGood: false },
    { name: 'p50', text: formatValue(now.p50, SECONDS), now: now.p50, before: before?.p50, isGood: false },
    { name: 'p95', text: formatValue(now.p95, SECONDS), now: now.p95, before: before?.p95, isGood: false },
    { name: 'p99', text: formatValue(now.p99, SECONDS), now: now.p99, before: before?.p99, isGood: false },
  ]
  return (
    <section className="card service-figures" aria-label="Figures" aria-busy={isLoading}>
      <dl>
        {figures.map((one) => (
          <div key={one.name}>
            <dt>{one.name}</dt>
            <dd>
              <span className="number">{one.text}</span> <Change {...one} />
            </dd>
          </div>
        ))}
      </dl>
      <p className="service-rule">Changes are against the time before, just as long.</p>
    </section>
  )
}
