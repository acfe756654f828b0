import type { TraceArchive } from '@vantage/api'
import { assert } from '@vantage/model'
import type { ColumnStore } from '@vantage/store/columns'

/** The archive of traces, as far as the API sees it. */
export function traceArchive(store: () => ColumnStore | undefined): TraceArchive {
  const opened = (): ColumnStore => {
    const columns = store()
    assert(columns !== undefined, 'traces are kept after the store is open')
    return columns
  }
  return {
    keep: (tenant, traceId, range) => opened().archiveTrace({ tenant, traceId, ...range }),
    release: (tenant, traceId) => opened().unarchiveTrace(tenant, traceId),
  }
}
