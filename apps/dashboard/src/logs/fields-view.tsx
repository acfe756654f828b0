import type { LogField } from '@vantage/api/client'
import { useMemo } from 'react'
import { client } from '../app/client.ts'
import { useNavigate } from '../app/router.ts'
import { useUrlText } from '../app/url-text.ts'
import { NoMatches } from '../explore/no-matches.tsx'
import type { SteppedRange } from '../explore/range-steps.ts'
import { useAsked } from '../explore/use-asked.ts'
import { Faults } from '../parts/faults.tsx'
import { NoneCalled } from '../parts/nothing.tsx'
import { refresh } from '../time/time-store.ts'
import { type LogState, withColumn } from './log-url.ts'

/** Rows in which fields are looked for, the newest. */
const LINES_LOOKED_AT = 2_000

interface FieldsViewProps {
  /** Changes when fields are to be asked for anew; undefined = they are not. */
  readonly askKey: string | undefined
  readonly query: string
  readonly range: SteppedRange
  readonly state: LogState
}

/** What the lines have besides their text, and what could be read from it. */
export function FieldsView({ askKey, query, range, state }: FieldsViewProps) {
  const [text, setText] = useUrlText('fields')
  const { startMs, endMs } = range
  const asked = useAsked(askKey, (signal) => client.logFields({ query, startMs, endMs }, LINES_LOOKED_AT, signal))
  const fields = useMemo(() => {
    const wanted = text.trim().toLowerCase()
    const found = (asked.answer ?? []).filter(({ label }) => label.toLowerCase().includes(wanted))
    return found.toSorted((a, b) => (a.label < b.label ? -1 : 1))
  }, [asked.answer, text])
  const faults = <Faults of={{ 'The fields': { ...asked, query } }} />
  if (asked.answer === undefined) {
    return asked.isLoading ? <div className="skeleton page-skeleton" aria-busy="true" /> : faults
  }
  if (asked.answer.length === 0) {
    return (
      <NoMatches one="line" signal="logs">
        Nothing in this time fulfils <span className="code">{query}</span>.
      </NoMatches>
    )
  }
  return (
    <section className="card" aria-labelledby="fields-title" aria-busy={asked.isLoading}>
      <div className="card-head fields-head">
        <h2 id="fields-title">Fields</h2>
        <span className="aside">
          {asked.answer.length} in the newest lines, {LINES_LOOKED_AT.toLocaleString('en')} at most
        </span>
        <label className="field fields-search">
          <span className="visually-hidden">Search fields</span>
          <input
            value={text}
            placeholder="Search"
            autoComplete="off"
            onChange={(event) => setText(event.target.value)}
          />
        </label>
      </div>
      {faults}
      {asked.answer.length > 0 && fields.length === 0 && (
        <NoneCalled one="field" find={text} total={asked.answer.length} onDrop={() => setText('')} />
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key. */}
      <section className="table-scroll" tabIndex={0} aria-label="Fields of the lines">
        <table className="log-fields">
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Type</th>
              <th scope="col" className="number">
                Values
              </th>
              <th scope="col">From</th>
              <th scope="col">
                <span className="visually-hidden">What to do with it</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {fields.map((field) => (
              <FieldRow key={`${field.label} ${field.parsers.join()}`} field={field} query={query} state={state} />
            ))}
          </tbody>
        </table>
      </section>
    </section>
  )
}

interface FieldRowProps {
  readonly field: LogField
  readonly query: string
  readonly state: LogState
}

function FieldRow({ field: { label, type, cardinality, parsers }, query, state }: FieldRowProps) {
  const navigate = useNavigate()
  const parser = parsers.find((one) => !query.includes(`| ${one}`))
  const isColumn = state.columns.includes(label)
  const read = () => {
    navigate({ q: `${query.trim()} | ${parser}`, col: withColumn(state.columns, label), tab: null })
    refresh()
  }
  return (
    <tr>
      <th scope="row" className="operation-name">
        {label}
      </th>
      <td>{type}</td>
      <td className="number">{cardinality.toLocaleString('en')}</td>
      <td>{parsers.length === 0 ? 'sent with the line' : `the line, by ${parsers.join(' or ')}`}</td>
      <td className="number">
        {parser === undefined ? (
          <button
            type="button"
            className="text-button"
            onClick={() => navigate({ col: withColumn(state.columns, label), tab: isColumn ? 'fields' : null })}
          >
            {isColumn ? 'Remove the column' : 'Show as column'}
          </button>
        ) : (
          <button type="button" className="text-button" onClick={read}>
            Read it with | {parser}
          </button>
        )}
      </td>
    </tr>
  )
}
