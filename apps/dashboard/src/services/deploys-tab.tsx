import type { ChangeEvent, ClientFault } from '@vantage/api/client'
import { formatInstant, formatMs, formatValue, NO_DATA, PLAIN } from '@vantage/charts'
import { ok, type Result } from '@vantage/model'
import { client } from '../app/client.ts'
import { Link } from '../app/link.tsx'
import { useRowKeys } from '../app/use-row-keys.ts'
import { useAsked } from '../explore/use-asked.ts'
import { Faults } from '../parts/faults.tsx'
import { comparedSpanMs, MARGIN_MS } from './deploy-model.ts'
import { Change, NumberHeads, StateMark } from './figures.tsx'
import { NO_RED, type Red, redBy, STATE_RULE, stateOf } from './service-model.ts'
import { figuresQuery } from './service-queries.ts'
import { partKey, type ServicePartProps, tabPath } from './service-tabs.ts'
import { RATIO, SECONDS } from './units.ts'

const EVENTS_MAX = 20

interface ComparedChange {
  readonly event: ChangeEvent
  /** As long before as after. */
  readonly spanMs: number
  readonly before: Red
  /** undefined = too little of it is over. */
  readonly after: Red | undefined
}

/** Deploys and other changes of a service, each with how it did before and after. */
export default function DeploysTab(part: ServicePartProps) {
  useRowKeys('.service tbody tr')
  const asked = useAsked(partKey(part), (signal) => compareChanges(part, signal))
  const changes = asked.answer ?? []
  return (
    <section className="card" aria-labelledby="deploys-title" aria-busy={asked.isLoading}>
      <div className="card-head">
        <h2 id="deploys-title">Before and after</h2>
        <span className="aside">
          as long before each change as after it, to the next one, at most a quarter of an hour
        </span>
      </div>
      <Faults of={{ 'The changes': asked }} />
      {changes.length > 0 && <ChangeTable {...part} changes={changes} />}
      {asked.answer !== undefined && changes.length === 0 && (
        <p className="service-none">
          No change in this time. Deploys are seen as a change of service.version, or posted as events.
        </p>
      )}
      <p className="service-rule">{STATE_RULE}</p>
    </section>
  )
}

async function compareChanges(
  { service, range }: ServicePartProps,
  signal: AbortSignal,
): Promise<Result<readonly ComparedChange[], ClientFault>> {
  const events = await client.events(range, service, EVENTS_MAX, signal)
  if (!events.ok) return events
  const changes: ComparedChange[] = []
  for (const event of events.value) {
    const spanMs = comparedSpanMs(event.timeMs, events.value, range.endMs)
    const at = (endMs: number) => client.queryInstant(figuresQuery(spanMs, 0, 'service', service), endMs, signal)
    const untilMs = event.timeMs + MARGIN_MS + spanMs
    const [before, after] = await Promise.all([at(event.timeMs), at(untilMs)])
    if (!before.ok) return before
    if (!after.ok) return after
    const later = redBy(after.value, 'service').get(service) ?? (untilMs > range.endMs ? undefined : NO_RED)
    changes.push({ event, spanMs, before: redBy(before.value, 'service').get(service) ?? NO_RED, after: later })
  }
  return ok(changes)
}

interface ChangeTableProps extends Pick<ServicePartProps, 'service' | 'zone'> {
  readonly changes: readonly ComparedChange[]
}

function ChangeTable({ changes, service, zone }: ChangeTableProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by key.
    <section className="table-scroll" aria-label="Changes with figures before and after" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">What</th>
            <th scope="col">After it</th>
            <NumberHeads names={['Requests/s', 'Errors', 'p95', 'Compared']} />
          </tr>
        </thead>
        <tbody>
          {changes.map((change) => (
            <ChangeRow
              key={`${change.event.timeMs} ${change.event.title}`}
              change={change}
              service={service}
              zone={zone}
            />
          ))}
        </tbody>
      </table>
    </section>
  )
}

interface ChangeRowProps extends Pick<ServicePartProps, 'service' | 'zone'> {
  readonly change: ComparedChange
}

/** It leads to the charts of the time that is compared. */
function ChangeRow({ change, service, zone }: ChangeRowProps) {
  const { event, spanMs, before, after } = change
  const from = String(event.timeMs - spanMs)
  const to = String(event.timeMs + MARGIN_MS + spanMs)
  return (
    <tr>
      <td>{formatInstant(event.timeMs, zone).slice(5, 19)}</td>
      <th scope="row" className="service-name">
        <span className="badge">{event.kind}</span>{' '}
        <Link to={tabPath(service, 'overview')} params={{ from, to, live: '0' }} title="Charts of the time around it">
          {event.title}
        </Link>
      </th>
      {after === undefined ? (
        <td colSpan={5}>Too new: it is compared once {formatMs(MARGIN_MS + spanMs)} are over.</td>
      ) : (
        <Compared spanMs={spanMs} before={before} after={after} />
      )}
    </tr>
  )
}

interface ComparedProps {
  readonly spanMs: number
  readonly before: Red
  readonly after: Red
}

function Compared({ spanMs, before, after }: ComparedProps) {
  return (
    <>
      <td>
        <StateMark state={stateOf(after, before)} />
      </td>
      <td className="number">
        {formatValue(before.rate, PLAIN)} → {formatValue(after.rate, PLAIN)}{' '}
        <Change now={after.rate} before={before.rate} isGood={undefined} />
      </td>
      <td className="number">
        {shareText(before.errorShare)} → {shareText(after.errorShare)}{' '}
        <Change now={after.errorShare} before={before.errorShare} isGood={false} />
      </td>
      <td className="number">
        {formatValue(before.p95, SECONDS)} → {formatValue(after.p95, SECONDS)}{' '}
        <Change now={after.p95} before={before.p95} isGood={false} />
      </td>
      <td className="number">{formatMs(spanMs)}</td>
    </>
  )
}

function shareText(share: number): string {
  return Number.isNaN(share) ? NO_DATA : formatValue(share, RATIO)
}
