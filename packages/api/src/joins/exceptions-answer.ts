import type { FoundExceptions } from '@vantage/query/joins'

/** What JSON.stringify takes. Times are unix ns as texts. */
export function exceptionsBody({ groups, cuts }: FoundExceptions, limit: number): unknown {
  return {
    exceptions: groups.slice(0, limit).map(({ firstNs, lastNs, ofSpans, ofLogs, newest, ...group }) => ({
      ...group,
      firstNs: String(firstNs),
      lastNs: String(lastNs),
      from: { spans: ofSpans, logs: ofLogs },
      newest,
    })),
    found: groups.length,
    cuts,
  }
}
