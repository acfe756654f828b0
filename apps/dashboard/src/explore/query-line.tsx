import type { ClientFault } from '@vantage/api/client'
import { Play } from 'lucide-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import { navigateSearch } from '../app/router.ts'
import type { Shortcut } from '../app/shortcuts.ts'
import { useShortcuts } from '../app/use-shortcuts.ts'
import { Notice } from '../parts/notice.tsx'
import { refresh } from '../time/time-store.ts'

interface QueryLineProps {
  readonly label: string
  /** What the URL says: what was run last. */
  readonly text: string
  readonly placeholder: string
  readonly fault: ClientFault | undefined
}

/** One query of one line: what is typed is a draft until it runs. */
export function QueryLine({ label, text, placeholder, fault }: QueryLineProps) {
  const [draft, setDraft] = useState(text)
  const input = useRef<HTMLInputElement>(null)
  // Back, Forward and links replace what the field holds.
  useEffect(() => setDraft(text), [text])
  const run = () => {
    navigateSearch({ q: input.current?.value ?? '' })
    refresh()
  }
  const latest = useRef(run)
  latest.current = run
  const shortcuts = useMemo<readonly Shortcut[]>(
    () => [
      { keys: 'mod+Enter', label: 'Run the query', run: () => latest.current() },
      { keys: '/', label: 'Focus the query', run: () => input.current?.focus() },
    ],
    [],
  )
  useShortcuts(shortcuts)
  return (
    <form
      className="query-line"
      onSubmit={(event) => {
        event.preventDefault()
        run()
      }}
    >
      <label className="field query-line-field">
        <span className="visually-hidden">{label}</span>
        <input
          ref={input}
          className="code"
          value={draft}
          placeholder={placeholder}
          spellCheck={false}
          autoComplete="off"
          aria-invalid={fault !== undefined && fault.status === 400}
          onChange={(event) => setDraft(event.target.value)}
        />
      </label>
      <button type="submit" className="button primary" title="Run (Ctrl or ⌘ ↵)">
        <Play className="icon" aria-hidden="true" />
        {draft === text ? 'Run' : 'Run changes'}
      </button>
      {fault !== undefined && fault.code !== 'cancelled' && (
        <Notice kind="critical">
          <span className="code">{fault.message}</span>
          {fault.requestId !== undefined && <span className="fault-id"> request {fault.requestId}</span>}
        </Notice>
      )}
    </form>
  )
}
