import { Search } from 'lucide-react'
import { useMemo, useRef } from 'react'
import type { Shortcut } from '../app/shortcuts.ts'
import { useUrlText } from '../app/url-text.ts'
import { useShortcuts } from '../app/use-shortcuts.ts'

interface FindFieldProps {
  readonly label: string
  readonly placeholder?: string
  /** How it looks, beside what every field has. */
  readonly look?: string
}

/** What a list is narrowed by: the parameter `find` of the page; `/` leads to it. */
export function FindField({ label, placeholder = label, look = '' }: FindFieldProps) {
  const [find, setFind] = useUrlText('find')
  const input = useRef<HTMLInputElement>(null)
  useShortcuts(useMemo((): readonly Shortcut[] => [{ keys: '/', label, run: () => input.current?.focus() }], [label]))
  return (
    <label className={`field ${look}`}>
      <Search className="icon" aria-hidden="true" />
      <input
        ref={input}
        type="search"
        aria-label={label}
        placeholder={placeholder}
        title={`${label} (/)`}
        value={find}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => setFind(event.target.value)}
      />
    </label>
  )
}
