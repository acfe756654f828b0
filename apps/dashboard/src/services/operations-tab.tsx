import { Search } from 'lucide-react'
import { navigateSearch, useSearch } from '../app/router.ts'
import { OperationTable, useOperations } from './operation-table.tsx'
import type { ServicePartProps } from './service-tabs.ts'

const ROWS_MAX = 500

/** Every operation of a service. */
export function OperationsTab(part: ServicePartProps) {
  const find = useSearch().get('find') ?? ''
  const { rows, fault, isKnown, isLoading } = useOperations(part)
  const shown = rows.filter(({ name }) => name.toLowerCase().includes(find.toLowerCase()))
  return (
    <section className="card" aria-labelledby="all-operations-title" aria-busy={isLoading}>
      <div className="card-head">
        <h2 id="all-operations-title">Operations</h2>
        <span className="aside">
          {shown.length > ROWS_MAX ? `the ${ROWS_MAX} of ${shown.length} that take most` : 'by the time they take'}
        </span>
        <div className="tools">
          <label className="field small-field">
            <Search className="icon" aria-hidden="true" />
            <input
              type="search"
              aria-label="Find an operation"
              placeholder="Find an operation"
              value={find}
              onChange={(event) => navigateSearch({ find: event.target.value || null }, { replace: true })}
            />
          </label>
        </div>
      </div>
      {fault !== undefined && <p className="service-fault">{fault}</p>}
      <OperationTable rows={shown.slice(0, ROWS_MAX)} service={part.service} />
      {isKnown && shown.length === 0 && (
        <p className="service-none">
          {rows.length === 0 ? 'No requests in this time.' : 'No operation is called that.'}
        </p>
      )}
    </section>
  )
}
