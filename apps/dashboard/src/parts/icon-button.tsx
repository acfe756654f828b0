import type { ComponentType } from 'react'

interface IconButtonProps {
  /** What it does, for those who do not see it and on hovering. */
  readonly label: string
  readonly icon: ComponentType<{ className?: string; 'aria-hidden'?: 'true' }>
  readonly onClick: () => void
  /** That does the same: `Esc`. */
  readonly keys?: string
}

/** A small button that is a picture alone. */
export function IconButton({ label, icon: Icon, onClick, keys }: IconButtonProps) {
  return (
    <button
      type="button"
      className="button quiet icon-only small"
      aria-label={label}
      title={keys === undefined ? label : `${label} (${keys})`}
      onClick={onClick}
    >
      <Icon className="icon" aria-hidden="true" />
    </button>
  )
}
