import { navigateSearch, useSearch } from '../app/router.ts'
import { useRowKeys } from '../app/use-row-keys.ts'
import { Faults } from '../parts/faults.tsx'
import { FindField } from '../parts/find-field.tsx'
import { NoneCalled } from '../parts/nothing.tsx'
import { OperationTable, useOperations } from './operation-table.tsx'
import type { ServicePartProps } from './service-tabs.ts'

const ROWS_MAX = 500

/** Every operation of a service. */
export default function OperationsTab(part: ServicePartProps) {
  useRowKeys('.service tbody tr')
  const find = useSearch().get('find') ?? ''
  const { rows, asked, isKnown, isLoading } = useOperations(part)
  const shown = rows.filter(({ name }) => name.toLowerCase().includes(find.toLowerCase()))
  return (
    <section className="card" aria-labelledby="all-operations-title" aria-busy={isLoading}>
      <div className="card-head">
        <h2 id="all-operations-title">Operations</h2>
        <span className="aside">
          {shown.length > ROWS_MAX ? `the ${ROWS_MAX} of ${shown.length} that take most` : 'by the time they take'}
        </span>
        <div className="tools">
          <FindField label="Find an operation" look="small-field" />
        </div>
      </div>
      <Faults of={asked} />
      <OperationTable rows={shown.slice(0, ROWS_MAX)} service={part.service} />
      {isKnown && rows.length === 0 && <p className="service-none">No requests in this time.</p>}
      {rows.length > 0 && shown.length === 0 && (
        <NoneCalled one="operation" find={find} total={rows.length} onDrop={() => navigateSearch({ find: null })} />
      )}
    </section>
  )
}
