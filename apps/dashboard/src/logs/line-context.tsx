import type { LogLine } from '@vantage/api/client'
import { formatInstant, type Zone } from '@vantage/charts'
import { client } from '../app/client.ts'
import { useUrlText } from '../app/url-text.ts'
import { useAsked } from '../explore/use-asked.ts'
import { Faults } from '../parts/faults.tsx'
import { contextQuery, levelOf } from './log-model.ts'
import type { LogRow } from './log-rows.ts'

const STEPS: readonly number[] = [5, 20, 100]
/** Lines before and after are looked for this long. */
const MARGIN_NS = 3_600_000_000_000n

interface LineContextProps {
  readonly row: LogRow
  readonly query: string
  readonly zone: Zone
}

/** The lines that the same instance wrote before and after, whatever the query filters. */
export function LineContext({ row, query, zone }: LineContextProps) {
  const [lines, setLines] = useUrlText('around')
  const count = STEPS.find((one) => one === Number(lines)) ?? (STEPS[0] as number)
  const of = contextQuery(query, row.labels)
  const key = `${of} ${row.timeNs} ${count}`
  const before = useAsked(key, (signal) =>
    client.logPage({ query: of, startNs: row.timeNs - MARGIN_NS, endNs: row.timeNs }, 'backward', count, signal),
  )
  const after = useAsked(key, (signal) =>
    client.logPage({ query: of, startNs: row.timeNs, endNs: row.timeNs + MARGIN_NS }, 'forward', count + 1, signal),
  )
  const shown = [...(before.answer ?? []).toReversed(), ...(after.answer ?? []).toReversed()]
  const next = STEPS.find((one) => one > count)
  return (
    <section className="span-part log-context" aria-busy={before.isLoading || after.isLoading}>
      <h3>Around, of the same instance</h3>
      <Faults of={{ 'Lines before': before, 'Lines after': after }} />
      <ol className="span-lines">
        {shown.map((line, i) => (
          // Lines have no identity of their own: equal ones may follow each other.
          // biome-ignore lint/suspicious/noArrayIndexKey: the list is replaced as a whole.
          <ContextLine key={i} line={line} zone={zone} isSelf={line.timeNs === row.timeNs && line.line === row.line} />
        ))}
      </ol>
      {next !== undefined && (
        <button type="button" className="button small" onClick={() => setLines(String(next))}>
          {next} before and after
        </button>
      )}
    </section>
  )
}

interface ContextLineProps {
  readonly line: LogLine
  readonly zone: Zone
  readonly isSelf: boolean
}

function ContextLine({ line, zone, isSelf }: ContextLineProps) {
  return (
    <li data-level={levelOf(line.labels)} aria-current={isSelf ? 'true' : undefined}>
      <time>{formatInstant(Number(line.timeNs / 1_000_000n), zone).slice(11, 23)}</time>
      <span className="code" dir="auto">
        {line.line}
      </span>
    </li>
  )
}
