import { Star } from 'lucide-react'
import { toggleStar, usePreferences } from '../app/preferences.ts'

/** Puts a service first on Home, or no longer. */
export function StarButton({ service }: { readonly service: string }) {
  const isStarred = usePreferences((one) => one.starred.includes(service))
  return (
    <button
      type="button"
      className="button quiet icon-only small star"
      aria-label={`Star ${service}`}
      title={isStarred ? 'Starred: stands first on Home' : 'Star: put it first on Home'}
      aria-pressed={isStarred}
      onClick={() => toggleStar(service)}
    >
      <Star className="icon" aria-hidden="true" />
    </button>
  )
}
