import { formatMs, formatValue, NO_DATA, PLAIN } from '@vantage/charts'
import { type FormEvent, useId } from 'react'
import { client } from '../app/client.ts'
import { useNavigate } from '../app/router.ts'
import type { SteppedRange } from '../explore/range-steps.ts'
import { useAsked } from '../explore/use-asked.ts'
import { Faults } from '../parts/faults.tsx'
import { Notice } from '../parts/notice.tsx'
import { NumberHeads } from '../services/figures.tsx'
import { RATE, RATIO } from '../services/units.ts'
import { refresh } from '../time/time-store.ts'
import { groupQueries, groupRows, isField } from './groups-model.ts'
import { hasValue, withCondition } from './traceql.ts'

const ROWS_MAX = 50

interface GroupsCardProps {
  readonly query: string
  /** '' = not grouped. */
  readonly field: string
  readonly range: SteppedRange
}

/** The spans of the query by a value of theirs: how many, how many failed, how long. */
export function GroupsCard({ query, field, range }: GroupsCardProps) {
  const navigate = useNavigate()
  const listId = useId()
  const titleId = useId()
  const fields = useAsked(JSON.stringify([Math.floor(range.startMs / 60_000)]), (signal) =>
    client.traceFields(range, signal),
  )
  const choose = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const text = String(new FormData(event.currentTarget).get('field') ?? '').trim()
    navigate({ by: text === '' ? null : text })
  }
  return (
    <section className="card trace-groups" aria-labelledby={titleId}>
      <div className="card-head">
        <h2 id={titleId}>Groups</h2>
        <form className="scatter-form" onSubmit={choose} key={field}>
          <label>
            By{' '}
            <span className="field">
              <input
                name="field"
                list={listId}
                defaultValue={field}
                placeholder="span.http.route"
                autoComplete="off"
                spellCheck={false}
              />
            </span>
          </label>
          <datalist id={listId}>
            {['name', ...(fields.answer ?? [])].map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
          <button type="submit" className="button small">
            Group
          </button>
        </form>
      </div>
      {field !== '' &&
        (isField(field) ? <Groups query={query} field={field} range={range} /> : <Unknown field={field} />)}
    </section>
  )
}

function Unknown({ field }: { readonly field: string }) {
  return (
    <Notice kind="warning">
      Want an attribute with its scope, such as span.http.route or resource.service.name, or name; got “{field}”.
    </Notice>
  )
}

function Groups({ query, field, range }: GroupsCardProps) {
  const navigate = useNavigate()
  const { rate, errors, latency } = groupQueries(query, field, withCondition(query, 'status = error'))
  const key = (text: string) => JSON.stringify([text, range.startMs, range.endMs])
  const rates = useAsked(key(rate), (signal) => client.traceMetric(rate, range, signal))
  const failed = useAsked(key(errors), (signal) => client.traceMetric(errors, range, signal))
  const times = useAsked(key(latency), (signal) => client.traceMetric(latency, range, signal))
  const faults = <Faults of={{ 'Spans a second': rates, Errors: failed, Durations: times }} />
  if (rates.answer === undefined && rates.isLoading) {
    return (
      <p className="service-none" aria-busy="true">
        Counting …
      </p>
    )
  }
  if (rates.answer === undefined) return faults
  const rows = groupRows(field, rates.answer, failed.answer ?? [], times.answer ?? [])
  if (rows.length === 0) return <p className="service-none">No span of this query has it in this time.</p>
  const filter = (value: string) => {
    navigate({
      q: withCondition(query, field === 'name' ? `name = ${JSON.stringify(value)}` : hasValue(field, value)),
    })
    refresh()
  }
  return (
    <>
      {faults}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key. */}
      <section className="table-scroll" tabIndex={0} aria-label={`Spans by ${field}`}>
        <table>
          <thead>
            <tr>
              <th scope="col">{field}</th>
              <NumberHeads names={['Spans/s', 'Errors', 'p50', 'p95']} />
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, ROWS_MAX).map((row) => (
              <tr key={row.value}>
                <th scope="row" className="operation-name">
                  <button type="button" className="text-button" title="Only these" onClick={() => filter(row.value)}>
                    {row.value === '' ? NO_DATA : row.value}
                  </button>
                </th>
                <td className="number">{formatValue(row.rate, RATE)}</td>
                <td className="number">{formatValue(row.errors, RATIO)}</td>
                <td className="number">{Number.isNaN(row.p50Ms) ? NO_DATA : formatMs(row.p50Ms)}</td>
                <td className="number">{Number.isNaN(row.p95Ms) ? NO_DATA : formatMs(row.p95Ms)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {rows.length > ROWS_MAX && (
        <p className="browser-note">
          The {ROWS_MAX} most frequent of {formatValue(rows.length, PLAIN)} groups; a narrower query shows others.
        </p>
      )}
    </>
  )
}
