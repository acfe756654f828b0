import type { ReactNode } from 'react'
import { Link } from '../app/link.tsx'
import { useNavigate } from '../app/router.ts'
import { refresh } from '../time/time-store.ts'

interface NoMatchesProps {
  /** One of what was looked for. */
  readonly one: string
  readonly signal: 'logs' | 'traces'
  /** Why there may be none, and what finds more. */
  readonly children: ReactNode
}

/** In place of a list that is empty: the way back to everything, and to sending something. */
export function NoMatches({ one, signal, children }: NoMatchesProps) {
  const navigate = useNavigate()
  return (
    <div className="card empty">
      <h2>No {one} matches</h2>
      <div>{children}</div>
      <button
        type="button"
        className="button"
        onClick={() => {
          navigate({ q: null })
          refresh()
        }}
      >
        Show all {one}s
      </button>
      <Link className="button" to="/setup">
        Send {signal}
      </Link>
    </div>
  )
}
