import { X } from 'lucide-react'
import { type ReactNode, useId } from 'react'
import { IconButton } from './icon-button.tsx'

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
      <ClosableHead titleId={titleId} title={title} onClose={onClose} />
      {children}
    </aside>
  )
}

interface ClosableHeadProps {
  readonly titleId: string
  readonly title: string
  readonly onClose: () => void
}

/** The head of a card that can be closed. */
export function ClosableHead({ titleId, title, onClose }: ClosableHeadProps) {
  return (
    <div className="card-head">
      <h2 id={titleId} dir="auto">
        {title}
      </h2>
      <div className="tools">
        <IconButton label="Close" keys="Esc" icon={X} onClick={onClose} />
      </div>
    </div>
  )
}
