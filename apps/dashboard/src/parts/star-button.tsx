import { Star } from 'lucide-react'
import { type Starred, toggleStar, usePreferences } from '../app/preferences.ts'

interface StarButtonProps {
  readonly kind: Starred
  /** What is kept: a service's name, a dashboard's id. */
  readonly name: string
  readonly label: string
}

const PLACE: Readonly<Record<Starred, string>> = { services: 'on Home', dashboards: 'in the list' }

/** Puts something first, or no longer. */
export function StarButton({ kind, name, label }: StarButtonProps) {
  const isStarred = usePreferences((one) => one.starred[kind].includes(name))
  return (
    <button
      type="button"
      className="button quiet icon-only small star"
      aria-label={`Star ${label}`}
      title={isStarred ? `Starred: stands first ${PLACE[kind]}` : `Star: put it first ${PLACE[kind]}`}
      aria-pressed={isStarred}
      onClick={() => toggleStar(kind, name)}
    >
      <Star className="icon" aria-hidden="true" />
    </button>
  )
}
