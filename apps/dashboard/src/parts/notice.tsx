import { CircleAlert, Info, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'

interface NoticeProps {
  readonly kind: 'info' | 'warning' | 'critical'
  readonly children: ReactNode
  readonly actions?: ReactNode
}

/** A state of a panel in words: shape and word besides the colour. */
export function Notice({ kind, children, actions }: NoticeProps) {
  const Mark = kind === 'critical' ? CircleAlert : kind === 'warning' ? TriangleAlert : Info
  return (
    <div className={`notice ${kind}`} role={kind === 'critical' ? 'alert' : undefined}>
      <Mark className="icon" aria-hidden="true" />
      <div>{children}</div>
      {actions !== undefined && <div className="actions">{actions}</div>}
    </div>
  )
}
