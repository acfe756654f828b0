import type { ExceptionGroup, FoundExceptions } from '@vantage/api/client'
import { formatInstant, sparklinePath, type Zone } from '@vantage/charts'
import { client } from '../app/client.ts'
import { Link } from '../app/link.tsx'
import { navigateSearch, useSearch } from '../app/router.ts'
import { useRowKeys } from '../app/use-row-keys.ts'
import type { SteppedRange } from '../explore/range-steps.ts'
import { useAsked } from '../explore/use-asked.ts'
import { usePageRange } from '../explore/use-page-range.ts'
import { Choice } from '../parts/choice.tsx'
import { Faults } from '../parts/faults.tsx'
import { FindField } from '../parts/find-field.tsx'
import { NoneCalled, Nothing } from '../parts/nothing.tsx'
import { agoText, EXCEPTION_SORTS, type ExceptionSort, shownGroups, typeText } from './exception-model.ts'

export const GROUPS_MAX = 1_000
const TREND = { width: 120, height: 20 } as const

/** What services threw: alike ones together, with how many, since when, and until when. */
export default function ExceptionsPage() {
  useRowKeys('.exception-list tbody tr')
  const search = useSearch()
  const find = search.get('find') ?? ''
  const asked = search.get('sort') as ExceptionSort
  const sort = EXCEPTION_SORTS.includes(asked) ? asked : 'newest'
  const service = search.get('service') ?? undefined
  const { range, zone } = usePageRange()
  const key = JSON.stringify([service, range])
  const found = useAsked(key, (signal) => client.exceptions(range, service, GROUPS_MAX, signal))
  const { answer, isLoading } = found
  return (
    <div className="exceptions">
      <div className="page-head">
        <h1>Exceptions</h1>
        <div className="tools">
          <FindField label="Find exceptions" placeholder="Type, message, service" look="exceptions-find" />
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
      <Faults of={{ 'Exceptions cannot be shown': found }} />
      {answer === undefined ? (
        isLoading && <div className="skeleton page-skeleton" aria-busy="true" />
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
  if (answer.groups.length === 0) {
    return (
      <Nothing title="Nothing was thrown in this time" signal="traces">
        No span has an event named exception, and no log record has exception.type.
      </Nothing>
    )
  }
  return (
    <section className="card" aria-labelledby="groups-title" aria-busy={isLoading}>
      <div className="card-head">
        <h2 id="groups-title">Groups</h2>
        <span className="aside">{countText(answer, groups.length)}</span>
      </div>
      {groups.length === 0 && (
        <NoneCalled
          one="exception"
          find={find}
          total={answer.groups.length}
          onDrop={() => navigateSearch({ find: null })}
        />
      )}
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
