import type { DashboardEntry, FoundDashboards } from '@vantage/api/client'
import { Search } from 'lucide-react'
import { client } from '../app/client.ts'
import { Link } from '../app/link.tsx'
import { usePreferences } from '../app/preferences.ts'
import { navigateSearch, useSearch } from '../app/router.ts'
import { useAsked } from '../explore/use-asked.ts'
import { Notice } from '../parts/notice.tsx'
import { StarButton } from '../parts/star-button.tsx'
import { askAgain, useTimeMemory } from '../time/time-store.ts'
import { dashboardPath, shownDashboards } from './dashboard-list.ts'

/** Every dashboard that is provisioned. */
export default function DashboardsPage() {
  const find = useSearch().get('find') ?? ''
  const { nowMs } = useTimeMemory()
  const { answer, fault, isLoading } = useAsked(String(nowMs), (signal) => client.dashboards(signal))
  return (
    <div className="dashboards">
      <div className="page-head">
        <h1>Dashboards</h1>
        <div className="tools">
          <label className="field">
            <Search className="icon" aria-hidden="true" />
            <input
              type="search"
              aria-label="Find a dashboard"
              placeholder="Title, tag"
              value={find}
              onChange={(event) => navigateSearch({ find: event.target.value || null }, { replace: true })}
            />
          </label>
        </div>
      </div>
      {fault !== undefined && (
        <Notice
          kind="critical"
          actions={
            <button type="button" className="button small" onClick={askAgain}>
              Retry
            </button>
          }
        >
          Dashboards cannot be listed: {fault.message}
        </Notice>
      )}
      {answer === undefined && fault === undefined && <div className="skeleton page-skeleton" aria-busy="true" />}
      {answer !== undefined && <Found answer={answer} find={find} isLoading={isLoading} />}
    </div>
  )
}

interface FoundProps {
  readonly answer: FoundDashboards
  readonly find: string
  readonly isLoading: boolean
}

function Found({ answer: { dashboards, refused }, find, isLoading }: FoundProps) {
  const starred = usePreferences((one) => one.starred.dashboards)
  const shown = shownDashboards(dashboards, find, starred)
  return (
    <>
      {refused.map(({ file, message }) => (
        <Notice key={`${file} ${message}`} kind="warning">
          {file === '' ? '' : `${file} holds no dashboard: `}
          {message}
        </Notice>
      ))}
      {shown.length === 0 ? (
        <div className="card empty">
          <strong>No dashboard is called that</strong>
          <button type="button" className="button" onClick={() => navigateSearch({ find: null })}>
            Show all dashboards
          </button>
        </div>
      ) : (
        <ul className="dashboard-list" aria-label="Dashboards" aria-busy={isLoading}>
          {shown.map((entry) => (
            <Entry key={entry.id} entry={entry} />
          ))}
        </ul>
      )}
    </>
  )
}

function Entry({ entry: { id, title, description, tags, panels, isBuiltIn } }: { readonly entry: DashboardEntry }) {
  return (
    <li className="card dashboard-entry">
      <div className="dashboard-title">
        <h2>
          <Link to={dashboardPath(id, title)}>{title}</Link>
        </h2>
        <StarButton kind="dashboards" name={id} label={title} />
      </div>
      <p>{description}</p>
      <div className="dashboard-facts">
        {tags.map((tag) => (
          <button key={tag} type="button" className="badge tag" onClick={() => navigateSearch({ find: tag })}>
            {tag}
          </button>
        ))}
        <span className="aside">
          {panels} panels · {isBuiltIn ? 'built in' : 'from a file'}
        </span>
      </div>
    </li>
  )
}
