import type { ClientFault } from '@vantage/api/client'
import { Notice } from '../parts/notice.tsx'

/** In place of a trace that cannot be shown. */
export function TraceFault({ traceId, fault }: { readonly traceId: string; readonly fault: ClientFault }) {
  const retry = (
    <button type="button" className="button small" onClick={() => location.reload()}>
      Retry
    </button>
  )
  if (fault.status === 404) {
    return (
      <Notice kind="warning" actions={retry}>
        No span of trace <span className="code">{traceId}</span> is stored. It may not have arrived yet, or be older
        than the retention.
      </Notice>
    )
  }
  return (
    <Notice kind="critical" actions={retry}>
      The trace cannot be shown: {fault.message}
      {fault.requestId !== undefined && <span className="fault-id"> request {fault.requestId}</span>}
    </Notice>
  )
}
