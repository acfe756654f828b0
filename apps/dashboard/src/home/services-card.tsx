import { Link } from '../app/link.tsx'
import { usePreferences } from '../app/preferences.ts'
import { StarButton } from '../parts/star-button.tsx'
import { CHANGING, ErrorsCell, NumberHeads, P95Cell, RateCell, StateMark, Trend } from '../services/figures.tsx'
import { type ServiceRow, STATE_RULE, sortedRows } from '../services/service-model.ts'

/** Rows besides those that are starred. */
const OTHERS_MAX = 8

interface ServicesCardProps {
  readonly rows: readonly ServiceRow[]
  readonly isLoading: boolean
}

/** Starred services first, then those that do worst. */
export function ServicesCard({ rows, isLoading }: ServicesCardProps) {
  const starred = usePreferences((one) => one.starred.services)
  const ordered = sortedRows(rows, 'state')
  const mine = ordered.filter(({ name }) => starred.includes(name))
  const others = ordered.filter(({ name }) => !starred.includes(name))
  const shown = [...mine, ...others.slice(0, OTHERS_MAX)]
  return (
    <section className="card service-list home-services" aria-labelledby="my-services" aria-busy={isLoading}>
      <div className="card-head">
        <h2 id="my-services">My services</h2>
        <span className="aside">
          {mine.length > 0 ? 'starred first, then the worst' : 'the worst first; a star puts one on top'}
        </span>
        <div className="tools">
          <Link to="/services">All {rows.length} services</Link>
        </div>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key. */}
      <section className="table-scroll" aria-label="My services and their figures" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">
                <span className="visually-hidden">Star</span>
              </th>
              <th scope="col">Service</th>
              <th scope="col">State</th>
              <NumberHeads names={['Requests/s', 'Errors', 'p95']} changing={CHANGING} />
              <th scope="col">Requests over time</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <Row key={row.name} row={row} />
            ))}
          </tbody>
        </table>
      </section>
      <p className="service-rule">Changes are against the time before, just as long. {STATE_RULE}</p>
    </section>
  )
}

function Row({ row: { name, now, before, state, trend } }: { readonly row: ServiceRow }) {
  return (
    <tr>
      <td className="home-star">
        <StarButton kind="services" name={name} label={name} />
      </td>
      <th scope="row" className="service-name">
        <Link to={`/services/${encodeURIComponent(name)}`}>{name}</Link>
      </th>
      <td>
        <StateMark state={state} />
      </td>
      <RateCell now={now} before={before} />
      <ErrorsCell red={now} />
      <P95Cell now={now} before={before} />
      <td>
        <Trend values={trend} />
      </td>
    </tr>
  )
}
