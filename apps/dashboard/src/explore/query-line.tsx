import type { TimeRange } from '@vantage/model'
import { Play } from 'lucide-react'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useNavigate } from '../app/router.ts'
import type { Shortcut } from '../app/shortcuts.ts'
import { useShortcuts } from '../app/use-shortcuts.ts'
import { Faults } from '../parts/faults.tsx'
import { askAgain } from '../time/time-store.ts'
import { EditMode, useBuilder } from './edit-mode.tsx'
import { rememberQueries } from './history.ts'
import { HistoryMenu } from './history-menu.tsx'
import { QueryBuilder } from './query-editors.tsx'
import type { Asked } from './use-asked.ts'

interface QueryLineProps {
  readonly label: string
  readonly language: 'logql' | 'traceql'
  /** What the URL says: what was run last. */
  readonly text: string
  readonly placeholder: string
  readonly range: TimeRange
  /** What the query asked. */
  readonly asked: Pick<Asked<unknown>, 'answer' | 'fault' | 'retry'>
}

/** One query of one line, as code or as fields: what is typed is a draft until it runs. */
export function QueryLine(props: QueryLineProps) {
  const { label, language, text, range, asked } = props
  const [draft, setDraft] = useState(text)
  const isBuilder = useBuilder()
  const navigate = useNavigate()
  // Back, Forward and links replace what the field holds.
  useEffect(() => setDraft(text), [text])
  const run = (query: string) => {
    setDraft(query)
    rememberQueries([query], language)
    navigate({ q: query, line: null })
    askAgain()
  }
  const form = useQueryKeys(() => run(draft))
  return (
    <form
      className="query-line"
      ref={form}
      onSubmit={(event) => {
        event.preventDefault()
        run(draft)
      }}
    >
      {isBuilder ? (
        <QueryBuilder label={label} language={language} text={draft} range={range} onChange={run} />
      ) : (
        <label className="field query-line-field">
          <span className="visually-hidden">{label}</span>
          <input
            className="code"
            value={draft}
            placeholder={props.placeholder}
            spellCheck={false}
            autoComplete="off"
            aria-invalid={asked.fault?.status === 400}
            onChange={(event) => setDraft(event.target.value)}
          />
        </label>
      )}
      <EditMode />
      <HistoryMenu language={language} onPick={run} />
      <button type="submit" className="button primary" title="Run (Ctrl or ⌘ ↵)">
        <Play className="icon" aria-hidden="true" />
        {draft === text ? 'Run' : 'Run changes'}
      </button>
      <Faults of={{ 'The query failed': { ...asked, query: text } }} />
    </form>
  )
}

function useQueryKeys(run: () => void) {
  const form = useRef<HTMLFormElement>(null)
  const latest = useRef(run)
  latest.current = run
  const shortcuts = useMemo<readonly Shortcut[]>(
    () => [
      { keys: 'mod+Enter', label: 'Run the query', run: () => latest.current() },
      {
        keys: '/',
        label: 'Focus the query',
        run: () => form.current?.querySelector<HTMLInputElement>('input.code')?.focus(),
      },
    ],
    [],
  )
  useShortcuts(shortcuts)
  return form
}
