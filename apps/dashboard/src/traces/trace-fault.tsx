import { client } from '../app/client.ts'
import { Link } from '../app/link.tsx'
import { type Asked, useAsked } from '../explore/use-asked.ts'
import { Faults } from '../parts/faults.tsx'
import { periodText } from '../parts/nothing.tsx'
import { Notice } from '../parts/notice.tsx'

interface TraceFaultProps {
  readonly traceId: string
  readonly asked: Asked<unknown>
}

/** In place of a trace that cannot be shown. */
export function TraceFault({ traceId, asked }: TraceFaultProps) {
  if (asked.fault?.status === 404) return <NotStored traceId={traceId} asked={asked} />
  return <Faults of={{ 'The trace cannot be shown': asked }} />
}

/** What was looked for, how far back, why there may be none, and what to try. */
function NotStored({ traceId, asked }: TraceFaultProps) {
  const kept = useAsked('kept', (signal) => client.keptPeriods(signal)).answer?.traces
  const actions = (
    <>
      <button type="button" className="button small" onClick={asked.retry}>
        Retry
      </button>
      <Link className="button small" to="/explore/traces">
        Find other traces
      </Link>
    </>
  )
  return (
    <Notice kind="warning" actions={actions}>
      <p>
        No span of trace <span className="code">{traceId}</span> is stored. All spans that are kept were searched,
        whatever time is chosen
        {kept !== undefined && (
          <>
            : those of the last {periodText(kept.ms)} (<span className="code">{kept.key}</span>)
          </>
        )}
        .
      </p>
      <p>
        It may be older than that, not have arrived yet, or have been left out by the sampling of its sender: Retry
        looks again. If the id was copied, compare its ends with the source.
      </p>
    </Notice>
  )
}
