import type { ReactNode } from 'react'
import { useNavigate } from '../app/router.ts'
import { Nothing } from '../parts/nothing.tsx'
import { refresh } from '../time/time-store.ts'

interface NoMatchesProps {
  /** One of what was looked for. */
  readonly one: string
  readonly signal: 'logs' | 'traces'
  /** Why there may be none, and what finds more. */
  readonly children: ReactNode
}

/** In place of a list of what a query finds: also the way back to everything. */
export function NoMatches({ one, signal, children }: NoMatchesProps) {
  const navigate = useNavigate()
  const showAll = () => {
    navigate({ q: null })
    refresh()
  }
  return (
    <Nothing
      title={`No ${one} matches`}
      signal={signal}
      actions={
        <button type="button" className="button" onClick={showAll}>
          Show all {one}s
        </button>
      }
    >
      {children}
    </Nothing>
  )
}
