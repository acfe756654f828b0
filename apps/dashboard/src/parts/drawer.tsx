import { X } from 'lucide-react'
import { type ReactNode, useId } from 'react'

interface DrawerProps {
  readonly title: string
  readonly onClose: () => void
  readonly children: ReactNode
}

/** Beside a list: what is known about the selected row. */
export function Drawer({ title, onClose, children }: DrawerProps) {
  const titleId = useId()
  return (
    <aside className="card span-drawer" aria-labelledby={titleId}>
      <div className="card-head">
        <h2 id={titleId} dir="auto">
          {title}
        </h2>
        <div className="tools">
          <button
            type="button"
            className="button quiet icon-only small"
            aria-label="Close"
            title="Close (Esc)"
            onClick={onClose}
          >
            <X className="icon" />
          </button>
        </div>
      </div>
      {children}
    </aside>
  )
}
