import type { ChangeEvent } from '@vantage/api/client'
import { formatInstant, type Zone } from '@vantage/charts'
import { Link } from '../app/link.tsx'

interface ChangeListProps {
  readonly events: readonly ChangeEvent[]
  readonly zone: Zone
  /** Whether each names its service, with the way to it. */
  readonly hasService: boolean
}

/** Deploys and other changes, in the order given. */
export function ChangeList({ events, zone, hasService }: ChangeListProps) {
  return (
    <ul>
      {events.map(({ timeMs, kind, service, title }) => (
        <li key={`${timeMs} ${service} ${title}`}>
          <time dateTime={new Date(timeMs).toISOString()}>{formatInstant(timeMs, zone).slice(5, 19)}</time>
          <span className="badge">{kind}</span>
          {hasService && service !== '' && <Link to={`/services/${encodeURIComponent(service)}`}>{service}</Link>}
          <span className="service-change-title">{title}</span>
        </li>
      ))}
    </ul>
  )
}
