import { useEffect, useId, useState } from 'react'

interface SuggestFieldProps {
  readonly label: string
  readonly value: string
  readonly placeholder: string
  /** What may be written; asked for when the field is entered. */
  readonly suggest?: () => Promise<readonly string[]>
  readonly onCommit: (value: string) => void
  /** Entered at once, since it was only now added. */
  readonly isNew?: boolean
}

/** Suggestions that are drawn; typing finds the others. */
const SUGGESTIONS_MAX = 300
/** A field is as wide as its text, within these, characters. */
const WIDTH_MIN = 6
const WIDTH_MAX = 44

/** A field of the builder: what is typed is taken with ↵ or when the field is left. */
export function SuggestField({ label, value, placeholder, suggest, onCommit, isNew }: SuggestFieldProps) {
  const [draft, setDraft] = useState(value)
  const [known, setKnown] = useState<readonly string[]>([])
  const listId = useId()
  useEffect(() => setDraft(value), [value])
  const commit = () => {
    if (draft !== value) onCommit(draft)
  }
  const width = Math.min(WIDTH_MAX, Math.max(WIDTH_MIN, draft.length || placeholder.length))
  return (
    <>
      <input
        className="builder-field code"
        aria-label={label}
        value={draft}
        placeholder={placeholder}
        list={suggest === undefined ? undefined : listId}
        spellCheck={false}
        autoComplete="off"
        // biome-ignore lint/a11y/noAutofocus: the field was asked for by a press on a button.
        autoFocus={isNew === true}
        style={{ width: `calc(${width}ch + 16px)` }}
        onFocus={() => void suggest?.().then((all) => setKnown(all.slice(0, SUGGESTIONS_MAX)))}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={commit}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.ctrlKey || event.metaKey) return
          event.preventDefault()
          commit()
        }}
      />
      {suggest !== undefined && (
        <datalist id={listId}>
          {known.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      )}
    </>
  )
}

interface SelectProps {
  readonly label: string
  readonly value: string
  readonly options: readonly string[]
  readonly onSelect: (value: string) => void
}

/** One of a few words or signs. What is chosen now is among them, whatever it is. */
export function Select({ label, value, options, onSelect }: SelectProps) {
  return (
    <select
      className="builder-select code"
      aria-label={label}
      value={value}
      onChange={(event) => onSelect(event.target.value)}
    >
      {[...new Set([value, ...options])].map((one) => (
        <option key={one} value={one}>
          {one}
        </option>
      ))}
    </select>
  )
}

interface AddProps<T> {
  readonly label: string
  readonly groups: readonly {
    readonly title: string
    readonly items: readonly { readonly name: string; readonly make: T }[]
  }[]
  readonly onAdd: (made: T) => void
}

/** A menu of what can be added. */
export function Add<T>({ label, groups, onAdd }: AddProps<T>) {
  const all = groups.flatMap(({ items }) => items)
  return (
    <select
      className="builder-select builder-add"
      aria-label={label}
      value=""
      onChange={(event) => {
        const found = all[Number(event.target.value)]
        if (found !== undefined) onAdd(found.make)
      }}
    >
      <option value="" disabled>
        + {label}
      </option>
      {groups.map(({ title, items }) => (
        <optgroup key={title} label={title}>
          {items.map((item) => (
            <option key={item.name} value={all.indexOf(item)}>
              {item.name}
            </option>
          ))}
        </optgroup>
      ))}
    </select>
  )
}
