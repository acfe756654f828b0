import type { Asked } from '../explore/use-asked.ts'
import { Faults } from '../parts/faults.tsx'
import { Notice } from '../parts/notice.tsx'

/** In place of a trace that cannot be shown. */
export function TraceFault({ traceId, asked }: { readonly traceId: string; readonly asked: Asked<unknown> }) {
  if (asked.fault?.status === 404) {
    const retry = (
      <button type="button" className="button small" onClick={asked.retry}>
        Retry
      </button>
    )
    return (
      <Notice kind="warning" actions={retry}>
        No span of trace <span className="code">{traceId}</span> is stored. It may not have arrived yet, or be older
        than the retention.
      </Notice>
    )
  }
  return <Faults of={{ 'The trace cannot be shown': asked }} />
}
