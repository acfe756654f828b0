import { Ellipsis } from 'lucide-react'
import { copyText } from '../app/toast.tsx'
import { Popover } from './popover.tsx'

export interface ValueAction {
  readonly label: string
  readonly run: () => void
}

interface ValueMenuProps {
  readonly name: string
  readonly value: string
  /** What can be done with it besides copying. */
  readonly actions: readonly ValueAction[]
}

/** What can be done with one value: filter for it, filter it out, copy it. */
export function ValueMenu({ name, value, actions }: ValueMenuProps) {
  const all: readonly ValueAction[] = [
    ...actions,
    { label: 'Copy the value', run: () => void copyText(value, name) },
    { label: 'Copy name and value', run: () => void copyText(`${name}=${value}`, name) },
  ]
  return (
    <Popover
      label={`What to do with ${name}`}
      kind="menu"
      triggerLabel={`What to do with ${name}`}
      triggerClass="button quiet icon-only small"
      panelClass="value-menu"
      trigger={<Ellipsis className="icon" aria-hidden="true" />}
    >
      {(close) =>
        all.map(({ label, run }) => (
          <button
            key={label}
            type="button"
            role="menuitem"
            className="menu-item"
            onClick={() => {
              close()
              run()
            }}
          >
            {label}
          </button>
        ))
      }
    </Popover>
  )
}
