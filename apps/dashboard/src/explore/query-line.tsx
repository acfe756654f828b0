import type { ClientFault } from '@vantage/api/client'
import type { TimeRange } from '@vantage/model'
import { Play } from 'lucide-react'
// biome-ignore lint/correctness/noUnresolvedImports: biome does not see constants within the namespace of @types/react.
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from 'react'
import { useNavigate } from '../app/router.ts'
import type { Shortcut } from '../app/shortcuts.ts'
import { useShortcuts } from '../app/use-shortcuts.ts'
import { Notice } from '../parts/notice.tsx'
import { askAgain } from '../time/time-store.ts'
import { EditMode, useBuilder } from './edit-mode.tsx'
import { rememberQueries } from './history.ts'
import { HistoryMenu } from './history-menu.tsx'

const QueryBuilder = lazy(() => import('../builder/query-builder.tsx'))

interface QueryLineProps {
  readonly label: string
  readonly language: 'logql' | 'traceql'
  /** What the URL says: what was run last. */
  readonly text: string
  readonly placeholder: string
  readonly range: TimeRange
  readonly fault: ClientFault | undefined
}

/** One query of one line, as code or as fields: what is typed is a draft until it runs. */
export function QueryLine(props: QueryLineProps) {
  const { label, language, text, range, fault } = props
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
        <Suspense fallback={<div className="builder code">{text}</div>}>
          <QueryBuilder label={label} language={language} text={draft} range={range} onChange={run} />
        </Suspense>
      ) : (
        <label className="field query-line-field">
          <span className="visually-hidden">{label}</span>
          <input
            className="code"
            value={draft}
            placeholder={props.placeholder}
            spellCheck={false}
            autoComplete="off"
            aria-invalid={fault !== undefined && fault.status === 400}
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
      {fault !== undefined && fault.code !== 'cancelled' && (
        <Notice kind="critical">
          <span className="code">{fault.message}</span>
          {fault.requestId !== undefined && <span className="fault-id"> request {fault.requestId}</span>}
        </Notice>
      )}
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
