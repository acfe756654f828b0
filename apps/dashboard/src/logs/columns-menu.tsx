import { Columns3 } from 'lucide-react'
import { useNavigate } from '../app/router.ts'
import { Popover } from '../parts/popover.tsx'
import { COLUMNS_MAX, withColumn } from './log-url.ts'

interface ColumnsMenuProps {
  /** Labels of the loaded lines. */
  readonly labels: readonly string[]
  readonly columns: readonly string[]
  readonly isOpen: boolean
  readonly onOpenChange: (isOpen: boolean) => void
}

/** Which labels have columns of their own. */
export function ColumnsMenu({ labels, columns, isOpen, onOpenChange }: ColumnsMenuProps) {
  const navigate = useNavigate()
  return (
    <Popover
      label={`Columns, at most ${COLUMNS_MAX}`}
      kind="dialog"
      panelClass="columns-menu"
      isOpen={isOpen}
      onOpenChange={onOpenChange}
      trigger={
        <>
          <Columns3 className="icon" aria-hidden="true" />
          Columns
          {columns.length > 0 && <span className="badge">{columns.length}</span>}
        </>
      }
    >
      {() =>
        labels.length === 0 ? (
          <p className="compare-note">The lines have no labels.</p>
        ) : (
          [...new Set([...columns, ...labels])].map((label) => (
            <label key={label} className="menu-item">
              <input
                type="checkbox"
                checked={columns.includes(label)}
                onChange={() => navigate({ col: withColumn(columns, label) }, { replace: true })}
              />
              <span className="facet-text">{label}</span>
            </label>
          ))
        )
      }
    </Popover>
  )
}
