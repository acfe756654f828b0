import { X } from 'lucide-react'
import { type ReactNode, useId } from 'react'
import { navigateSearch } from '../app/router.ts'

/** Beside the trace: what is known about the selected row. */
export function Drawer({ title, children }: { readonly title: string; readonly children: ReactNode }) {
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
            onClick={() => navigateSearch({ span: null }, { replace: true })}
          >
            <X className="icon" />
          </button>
        </div>
      </div>
      {children}
    </aside>
  )
}
