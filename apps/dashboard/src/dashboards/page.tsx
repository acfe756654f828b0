import type { DashboardEntry, FoundDashboards } from '@vantage/api/client'
import { client } from '../app/client.ts'
import { Link } from '../app/link.tsx'
import { usePreferences } from '../app/preferences.ts'
import { navigateSearch, useSearch } from '../app/router.ts'
import { useRowKeys } from '../app/use-row-keys.ts'
import { useAsked } from '../explore/use-asked.ts'
import { Faults } from '../parts/faults.tsx'
import { FindField } from '../parts/find-field.tsx'
import { NoneCalled } from '../parts/nothing.tsx'
import { Notice } from '../parts/notice.tsx'
import { StarButton } from '../parts/star-button.tsx'
import { useTimeMemory } from '../time/time-store.ts'
import { dashboardPath, shownDashboards } from './dashboard-list.ts'

/** Every dashboard that is provisioned. */
export default function DashboardsPage() {
  useRowKeys('.dashboard-entry')
  const find = useSearch().get('find') ?? ''
  const { nowMs } = useTimeMemory()
  const asked = useAsked(String(nowMs), (signal) => client.dashboards(signal))
  const { answer, isLoading } = asked
  return (
    <div className="dashboards">
      <div className="page-head">
        <h1>Dashboards</h1>
        <div className="tools">
          <FindField label="Find a dashboard" placeholder="Title, tag" />
        </div>
      </div>
      <Faults of={{ 'Dashboards cannot be listed': asked }} />
      {answer === undefined && isLoading && <div className="skeleton page-skeleton" aria-busy="true" />}
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
        <NoneCalled
          one="dashboard"
          find={find}
          total={dashboards.length}
          onDrop={() => navigateSearch({ find: null })}
        />
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
