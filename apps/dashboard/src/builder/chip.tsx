import { X } from 'lucide-react'
import type { ReactNode } from 'react'

interface ChipProps {
  /** What it is, for those who cannot see it: `filter route`. */
  readonly name: string
  readonly isFragment?: boolean
  /** It holds a whole query, which takes a row of its own. */
  readonly hasQuery?: boolean
  readonly onRemove: () => void
  readonly children: ReactNode
}

/** One part of a query, with the way to take it out. A fragment is shown as it is written. */
export function Chip({ name, isFragment, hasQuery, onRemove, children }: ChipProps) {
  return (
    <fieldset
      className="builder-chip"
      data-fragment={isFragment === true}
      data-query={hasQuery === true}
      aria-label={name}
    >
      {children}
      <button
        type="button"
        className="builder-remove"
        aria-label={`Remove ${name}`}
        title={`Remove ${name}`}
        onClick={onRemove}
      >
        <X className="icon" aria-hidden="true" />
      </button>
    </fieldset>
  )
}

/** A part that is kept as it is written, because the builder has no fields for it. */
export function Fragment({ text, onRemove }: { readonly text: string; readonly onRemove: () => void }) {
  return (
    <Chip name={`the part ${text}`} isFragment={true} onRemove={onRemove}>
      <span className="code" title="Kept as it is written; change it as code">
        {text}
      </span>
    </Chip>
  )
}

/** A list with one place changed, or without it. */
export function withAt<T>(list: readonly T[], at: number, item: T | undefined): readonly T[] {
  return item === undefined ? list.filter((_, i) => i !== at) : list.map((one, i) => (i === at ? item : one))
}
