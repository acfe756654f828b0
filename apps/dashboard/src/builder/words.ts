import type { TimeRange } from '@vantage/model'
import { client } from '../app/client.ts'
import { quoted, streamSelector } from '../logs/log-model.ts'
import type { Words } from './matcher-chips.tsx'

/** Rows whose fields are offered. */
const ROWS_LOOKED_AT = 500
const ALL_LINES = '{service_name=~".+"}'

/** Labels and values of the lines of a query, the most frequent values first. A failed request offers nothing. */
export function logWords(query: string, range: TimeRange): Words {
  const own = streamSelector(query)
  const of = own.startsWith('{') && own !== '{}' ? own : ALL_LINES
  return {
    async labels() {
      const answer = await client.logFields({ query: of, ...range }, ROWS_LOOKED_AT)
      return answer.ok ? answer.value.map(({ label }) => label).sort() : []
    },
    async values(label) {
      if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(label)) return []
      const spanMs = Math.max(1_000, range.endMs - range.startMs)
      const window = `${Math.ceil(spanMs / 1000)}s`
      const counts = `topk(100, sum by (${label}) (count_over_time(${ALL_LINES} | ${label}!=${quoted('')} [${window}])))`
      const answer = await client.logMetric({ query: counts, startMs: range.endMs, endMs: range.endMs }, spanMs)
      if (!answer.ok || answer.value.data.kind !== 'matrix') return []
      return answer.value.data.series
        .toSorted((a, b) => (b.values.at(-1) ?? 0) - (a.values.at(-1) ?? 0))
        .map(({ metric }) => metric[label] ?? '')
    },
  }
}
