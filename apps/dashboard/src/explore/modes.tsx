import { Link } from '../app/link.tsx'
import { usePath } from '../app/router.ts'

const MODES = [
  { path: '/explore/metrics', label: 'Metrics' },
  { path: '/explore/logs', label: 'Logs' },
  { path: '/explore/traces', label: 'Traces' },
] as const

/** The signals that Explore asks; the time goes along. */
export function ExploreModes() {
  const path = usePath()
  return (
    <nav className="explore-modes" aria-label="Signal">
      {MODES.map((mode) => (
        <Link key={mode.path} to={mode.path} aria-current={path === mode.path ? 'page' : undefined}>
          {mode.label}
        </Link>
      ))}
    </nav>
  )
}
