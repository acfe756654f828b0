import { formatValue, NO_DATA, PLAIN } from '@vantage/charts'
import { type ComponentType, useEffect, useRef } from 'react'
import { client } from '../app/client.ts'
import { Link } from '../app/link.tsx'
import { onDemand } from '../app/on-demand.tsx'
import { pathPart, usePath } from '../app/router.ts'
import { useAsked } from '../explore/use-asked.ts'
import { usePageRange } from '../explore/use-page-range.ts'
import { FindingStrip } from '../findings/findings-card.tsx'
import { useJudgement } from '../findings/use-judgement.ts'
import { Faults, type Questions } from '../parts/faults.tsx'
import { FigureText } from '../parts/figure-text.tsx'
import { StarButton } from '../parts/star-button.tsx'
import { Change, StateMark, Trend, toneOf } from './figures.tsx'
import { OverviewTab } from './overview-tab.tsx'
import { LogsTab, TracesTab } from './panel-tabs.tsx'
import { ServiceFacts } from './service-facts.tsx'
import { type FigureLines, figureLines, NO_RED, type Red, redBy, STATE_RULE, stateOf } from './service-model.ts'
import { figuresQuery } from './service-queries.ts'
import { partKey, SERVICE_TABS, type ServicePartProps, type ServiceTab, serviceTab, tabPath } from './service-tabs.ts'
import { RATIO, SECONDS } from './units.ts'

const TABS: Readonly<Record<ServiceTab, ComponentType<ServicePartProps>>> = {
  overview: OverviewTab,
  operations: onDemand(() => import('./operations-tab.tsx')),
  traces: TracesTab,
  logs: LogsTab,
  metrics: onDemand(() => import('./metrics-tab.tsx')),
  dependencies: onDemand(() => import('./dependencies-tab.tsx')),
  deploys: onDemand(() => import('./deploys-tab.tsx')),
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
      <Head {...part} figures={figures} />
      <Tabs service={service} current={tab} />
      {tab === 'overview' && <Summary {...part} figures={figures} />}
      <Tab {...part} />
    </div>
  )
}

function Tabs({ service, current }: { readonly service: string; readonly current: ServiceTab | undefined }) {
  const nav = useRef<HTMLElement>(null)
  // On a phone the tabs scroll, and the one that is shown may lie beyond the edge.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another tab is another place.
  useEffect(() => {
    nav.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [current])
  return (
    <nav className="service-tabs side-scroll" ref={nav} aria-label={`Views of ${service}`}>
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
  const { answer, isLoading } = asked
  const of: Questions = { Figures: asked, 'The time before': askedBefore }
  return { now, before, isKnown: answer !== undefined, isLoading, answer, answerBefore: askedBefore.answer, asked: of }
}

interface HeadProps extends ServicePartProps {
  readonly figures: ReturnType<typeof useFigures>
}

function Head({ figures: { now, before, isKnown, asked }, ...part }: HeadProps) {
  const { service } = part
  return (
    <>
      <div className="page-head">
        <h1>{service}</h1>
        {isKnown && (
          <span title={STATE_RULE}>
            <StateMark state={stateOf(now, before)} />
          </span>
        )}
        <ServiceFacts {...part} />
        <div className="tools">
          <StarButton kind="services" name={service} label={service} />
        </div>
      </div>
      <Faults of={asked} />
    </>
  )
}

/** What is worse than before, and the figures with their lines over the range. */
function Summary({ service, range, zone, figures }: HeadProps) {
  const { answer, answerBefore, now, before, isLoading } = figures
  const { judgement, steps, asked } = useJudgement(range, answer, answerBefore, service)
  const finding = judgement?.findings[0]
  const onward = { label: 'Before and after', to: tabPath(service, 'deploys') }
  return (
    <>
      <Faults of={asked} />
      {finding !== undefined && <FindingStrip finding={finding} range={range} zone={zone} onward={onward} />}
      <Figures now={now} before={before} lines={figureLines(steps, range)} isLoading={isLoading} />
    </>
  )
}

interface FiguresProps {
  readonly now: Red
  readonly before: Red | undefined
  readonly lines: FigureLines
  readonly isLoading: boolean
}

function Figures({ now, before, lines, isLoading }: FiguresProps) {
  const errors = Number.isNaN(now.errorShare) ? NO_DATA : formatValue(now.errorShare, RATIO)
  const figures = [
    { id: 'rate', name: 'Requests per second', text: formatValue(now.rate, PLAIN), isGood: undefined },
    { id: 'errorShare', name: 'Error rate', text: errors, isGood: false },
    { id: 'p50', name: 'Latency p50', text: formatValue(now.p50, SECONDS), isGood: false },
    { id: 'p95', name: 'Latency p95', text: formatValue(now.p95, SECONDS), isGood: false },
    { id: 'p99', name: 'Latency p99', text: formatValue(now.p99, SECONDS), isGood: false },
  ] as const
  return (
    <section className="card service-figures" aria-label="Figures" aria-busy={isLoading}>
      <dl>
        {figures.map(({ id, name, text, isGood }) => {
          const sides = { now: now[id], before: before?.[id], isGood }
          const tone = toneOf(sides)
          return (
            <div key={id}>
              <dt>{name}</dt>
              <dd>
                <span className="number">
                  <FigureText text={text} />
                </span>
                <Trend values={lines[id]} tone={tone} isFilled={true} />
                <span className="service-versus">
                  <Change {...sides} /> {tone === undefined ? sameText(sides) : 'vs the time before'}
                </span>
              </dd>
            </div>
          )
        })}
      </dl>
    </section>
  )
}

/** Of none there is no share that it is more. */
function sameText({ now, before }: { readonly now: number; readonly before: number | undefined }): string {
  if (before === undefined || Number.isNaN(before)) return 'nothing before'
  return before === 0 && now > 0 ? '0 in the time before' : 'as in the time before'
}
