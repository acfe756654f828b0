import type { ExceptionGroup, FoundExceptions } from '@vantage/api/client'
import { formatInstant, sparklinePath, type Zone } from '@vantage/charts'
import { Search } from 'lucide-react'
import { client } from '../app/client.ts'
import { Link } from '../app/link.tsx'
import { navigateSearch, useSearch } from '../app/router.ts'
import type { SteppedRange } from '../explore/range-steps.ts'
import { useAsked } from '../explore/use-asked.ts'
import { usePageRange } from '../explore/use-page-range.ts'
import { Choice } from '../parts/choice.tsx'
import { Notice } from '../parts/notice.tsx'
import { askAgain } from '../time/time-store.ts'
import { agoText, EXCEPTION_SORTS, type ExceptionSort, shownGroups, typeText } from './exception-model.ts'

export const GROUPS_MAX = 1_000
const TREND = { width: 120, height: 20 } as const

/** What services threw: alike ones together, with how many, since when, and until when. */
export default function ExceptionsPage() {
  const search = useSearch()
  const find = search.get('find') ?? ''
  const asked = search.get('sort') as ExceptionSort
  const sort = EXCEPTION_SORTS.includes(asked) ? asked : 'newest'
  const service = search.get('service') ?? undefined
  const { range, zone } = usePageRange()
  const key = JSON.stringify([service, range])
  const { answer, fault, isLoading } = useAsked(key, (signal) => client.exceptions(range, service, GROUPS_MAX, signal))
  return (
    <div className="exceptions">
      <div className="page-head">
        <h1>Exceptions</h1>
        <div className="tools">
          <label className="field exceptions-find">
            <Search className="icon" aria-hidden="true" />
            <span className="visually-hidden">Find exceptions</span>
            <input
              value={find}
              placeholder="Type, message, service"
              autoComplete="off"
              spellCheck={false}
              onChange={(event) => navigateSearch({ find: event.target.value || null }, { replace: true })}
            />
          </label>
          <Choice
            label="Order"
            value={sort}
            options={[
              { value: 'newest', label: 'Last seen' },
              { value: 'count', label: 'Most' },
              { value: 'first', label: 'First seen' },
            ]}
            onChoose={(value) => navigateSearch({ sort: value === 'newest' ? null : value })}
          />
        </div>
      </div>
      {service !== undefined && (
        <button type="button" className="button small" onClick={() => navigateSearch({ service: null })}>
          of {service} ✕
        </button>
      )}
      {fault !== undefined && fault.code !== 'cancelled' && (
        <Notice
          kind="critical"
          actions={
            <button type="button" className="button small" onClick={askAgain}>
              Retry
            </button>
          }
        >
          Exceptions cannot be shown: {fault.message}
        </Notice>
      )}
      {answer === undefined ? (
        fault === undefined && <div className="skeleton page-skeleton" aria-busy="true" />
      ) : (
        <Groups answer={answer} find={find} sort={sort} range={range} zone={zone} isLoading={isLoading} />
      )}
    </div>
  )
}

interface GroupsProps {
  readonly answer: FoundExceptions
  readonly find: string
  readonly sort: ExceptionSort
  readonly range: SteppedRange
  readonly zone: Zone
  readonly isLoading: boolean
}

function Groups({ answer, find, sort, range, zone, isLoading }: GroupsProps) {
  const groups = shownGroups(answer.groups, find, sort)
  if (groups.length === 0) return <NoExceptions isFiltered={answer.groups.length > 0} find={find} />
  return (
    <section className="card" aria-labelledby="groups-title" aria-busy={isLoading}>
      <div className="card-head">
        <h2 id="groups-title">Groups</h2>
        <span className="aside">{countText(answer, groups.length)}</span>
      </div>
      {answer.cuts.length > 0 && <Notice kind="warning">Partial: {answer.cuts.join('; ')}</Notice>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key. */}
      <section className="table-scroll" tabIndex={0} aria-label="Groups of exceptions">
        <table className="exception-list">
          <thead>
            <tr>
              <th scope="col">Exception</th>
              <th scope="col">Services</th>
              <th scope="col">Trend</th>
              <th scope="col" className="number">
                Count
              </th>
              <th scope="col">First seen</th>
              <th scope="col">Last seen</th>
            </tr>
          </thead>
          <tbody>
            {groups.map((group) => (
              <GroupRow key={group.fingerprint} group={group} range={range} zone={zone} />
            ))}
          </tbody>
        </table>
      </section>
    </section>
  )
}

function countText({ groups, found }: FoundExceptions, shown: number): string {
  if (shown < groups.length) return `${shown} of ${found.toLocaleString('en')}`
  return found > groups.length
    ? `the ${groups.length.toLocaleString('en')} seen last of ${found.toLocaleString('en')}`
    : `${found.toLocaleString('en')} in this time`
}

interface GroupRowProps {
  readonly group: ExceptionGroup
  readonly range: SteppedRange
  readonly zone: Zone
}

function GroupRow({ group, range, zone }: GroupRowProps) {
  return (
    <tr>
      <th scope="row" className="exception-what">
        <Link to={`/exceptions/${group.fingerprint}`} dir="auto">
          {typeText(group)}
        </Link>
        <span className="exception-message" dir="auto" title={group.message.slice(0, 500)}>
          {group.message}
        </span>
      </th>
      <td className="exception-services">{group.services.map(({ service }) => service).join(', ')}</td>
      <td>
        <Trend values={group.trend} />
      </td>
      <td className="number">{group.count.toLocaleString('en')}</td>
      <td title={formatInstant(Math.floor(group.firstMs), zone)}>{agoText(group.firstMs, range.endMs)}</td>
      <td title={formatInstant(Math.floor(group.lastMs), zone)}>{agoText(group.lastMs, range.endMs)}</td>
    </tr>
  )
}

export function Trend({ values }: { readonly values: readonly number[] }) {
  const most = values.reduce((max, one) => Math.max(max, one), 0)
  return (
    <svg
      className="exception-trend"
      viewBox={`0 -1 ${TREND.width} ${TREND.height + 2}`}
      role="img"
      aria-label={`At most ${most.toLocaleString('en')} in one of ${values.length} parts of this time`}
    >
      <path d={sparklinePath(values, TREND.width, TREND.height)} />
    </svg>
  )
}

function NoExceptions({ isFiltered, find }: { readonly isFiltered: boolean; readonly find: string }) {
  if (isFiltered) {
    return (
      <div className="card empty">
        <h2>No exception matches</h2>
        <p>
          None in this time holds “{find}”. <br />
          There are others without that filter.
        </p>
        <button type="button" className="button" onClick={() => navigateSearch({ find: null })}>
          Show all exceptions
        </button>
      </div>
    )
  }
  return (
    <div className="card empty">
      <h2>Nothing was thrown</h2>
      <p>
        No span of this time has an event named exception, and no log record has exception.type. A wider time may have
        some.
      </p>
      <Link className="button" to="/setup">
        Send traces
      </Link>
    </div>
  )
}
