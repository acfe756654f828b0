import type { ChangeEvent } from '@vantage/api/client'
import { formatInstant, type Zone } from '@vantage/charts'
import type { TimeRange } from '@vantage/model'
import { useMemo } from 'react'
import { Link } from '../app/link.tsx'
import { searchChangeOf } from '../app/router.ts'
import type { Asked } from '../explore/use-asked.ts'
import { usePageRange } from '../explore/use-page-range.ts'
import { Findings } from '../findings/findings-card.tsx'
import { EVENTS_MAX, type Found, useJudgement } from '../findings/use-judgement.ts'
import { Faults } from '../parts/faults.tsx'
import { Nothing } from '../parts/nothing.tsx'
import { ChangeList } from '../services/change-list.tsx'
import { serviceRows } from '../services/service-model.ts'
import { type ServiceAsked, useServiceAnswers } from '../services/use-service-answers.ts'
import { ViewsCard } from '../views/views-card.tsx'
import { useRecentList } from './recent-views.ts'
import { ServicesCard } from './services-card.tsx'
import { SetupCard } from './setup-card.tsx'
import { SETUP_SIGNALS, useSetupState } from './setup-steps.ts'

const EVENTS_SHOWN = 8
const RECENT_SHOWN = 8

/** Home: what is worse than before, my services, what changed, and where I was. A new workspace: what to send. */
export default function HomePage() {
  const { range, zone, nowMs } = usePageRange('overview')
  const services = useServiceAnswers(range)
  const setup = useSetupState(nowMs)
  const { now, before } = services.answers
  const found = useJudgement(range, now, before)
  const rows = useMemo(() => serviceRows(services.answers), [services.answers])
  const isNew = setup.isKnown && setup.done.size === 0 && rows.length === 0
  return (
    <div className="home">
      <div className="page-head">
        <h1>{isNew ? 'Welcome to Vantage' : 'Home'}</h1>
        {isNew && <span className="aside">Nothing has arrived yet. This page fills by itself.</span>}
      </div>
      <Faults of={{ ...services.asked, ...found.asked }} />
      {isNew ? (
        <SetupCard done={setup.done} />
      ) : (
        <>
          {rows.length > 0 && <FindingsPlace found={found} range={range} zone={zone} />}
          <div className="home-columns">
            <MyServices asked={services} rows={rows} />
            <div className="home-side">
              <RecentChanges events={found.events} zone={zone} />
              <ViewsCard />
              <RecentViews zone={zone} />
              {setup.isKnown && setup.done.size < SETUP_SIGNALS.length && <SetupCard done={setup.done} />}
            </div>
          </div>
        </>
      )}
    </div>
  )
}

interface FindingsPlaceProps {
  readonly found: Found
  readonly range: TimeRange
  readonly zone: Zone
}

/** Its place is kept while nobody knows, so that what is below moves little. */
function FindingsPlace({ found: { judgement, isLoading }, range, zone }: FindingsPlaceProps) {
  if (judgement !== undefined) return <Findings judgement={judgement} range={range} zone={zone} />
  return isLoading && <div className="skeleton finding-skeleton" aria-busy="true" />
}

interface MyServicesProps {
  readonly asked: ServiceAsked
  readonly rows: ReturnType<typeof serviceRows>
}

function MyServices({ asked, rows }: MyServicesProps) {
  if (asked.answers.now === undefined) {
    return asked.isLoading ? <div className="skeleton page-skeleton" aria-busy="true" /> : <div />
  }
  if (rows.length > 0) return <ServicesCard rows={rows} isLoading={asked.isLoading} />
  return (
    <Nothing title="No service has had requests in this time" signal="traces" keptAs="metrics">
      Services are found in spans.
    </Nothing>
  )
}

interface RecentChangesProps {
  readonly events: Asked<readonly ChangeEvent[]>
  readonly zone: Zone
}

function RecentChanges({ events, zone }: RecentChangesProps) {
  const { answer = [], fault, isLoading } = events
  return (
    <section className="card service-changes" aria-labelledby="recent-changes" aria-busy={isLoading}>
      <div className="card-head">
        <h2 id="recent-changes">Recent changes</h2>
        {answer.length > EVENTS_SHOWN && (
          <span className="aside">
            the newest {EVENTS_SHOWN} of {answer.length === EVENTS_MAX ? `${EVENTS_MAX} or more` : answer.length}
          </span>
        )}
      </div>
      <ChangeList events={answer.slice(0, EVENTS_SHOWN)} zone={zone} hasService />
      <Faults of={{ 'The changes': events }} />
      {answer.length === 0 && fault === undefined && <p className="service-none">None in this time.</p>}
    </section>
  )
}

function RecentViews({ zone }: { readonly zone: Zone }) {
  const views = useRecentList()
  if (views.length === 0) return null
  return (
    <section className="card home-views" aria-labelledby="recent-views">
      <div className="card-head">
        <h2 id="recent-views">Recent views</h2>
      </div>
      <ul>
        {views.slice(0, RECENT_SHOWN).map(({ kind, title, path, search, atMs }) => (
          <li key={`${kind} ${title}`}>
            <span className="badge">{kind}</span>
            <Link to={path} params={searchChangeOf(search)} title={title}>
              {title}
            </Link>
            <time dateTime={new Date(atMs).toISOString()}>{formatInstant(atMs, zone).slice(5, 16)}</time>
          </li>
        ))}
      </ul>
    </section>
  )
}
