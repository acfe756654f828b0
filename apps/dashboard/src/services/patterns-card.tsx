import { formatValue, PLAIN } from '@vantage/charts'
import { useMemo } from 'react'
import { client } from '../app/client.ts'
import { Link } from '../app/link.tsx'
import { useAsked } from '../explore/use-asked.ts'
import type { Level } from '../logs/log-model.ts'
import { changeText, patternParts, patternRows, risingRows } from '../logs/pattern-model.ts'
import { Faults } from '../parts/faults.tsx'
import { quoted } from './service-queries.ts'
import type { ServicePartProps } from './service-tabs.ts'

const SHOWN_MAX = 4
const TONES: Readonly<Partial<Record<Level, string>>> = { fatal: 'critical', error: 'critical', warn: 'warning' }
/** Patterns are asked for once in so long: all lines of the time are read for them. */
const ASKED_EVERY_MS = 60_000

/** Kinds of lines that are new or come more often than before, the most severe first; each leads to its lines. */
export function PatternsCard({ service, range }: ServicePartProps) {
  const endMs = Math.ceil(range.endMs / ASKED_EVERY_MS) * ASKED_EVERY_MS
  const spanMs = Math.ceil((range.endMs - range.startMs) / 1000) * 1000
  const query = `{service_name=${quoted(service)}}`
  const ask = (untilMs: number) => (signal: AbortSignal) =>
    client.logPatterns({ query, startMs: untilMs - spanMs, endMs: untilMs }, spanMs, signal)
  const key = JSON.stringify([service, endMs, spanMs])
  const asked = useAsked(key, ask(endMs))
  const before = useAsked(key, ask(endMs - spanMs))
  const rows = useMemo(() => {
    if (asked.answer === undefined || before.answer === undefined) return undefined
    return risingRows(patternRows(asked.answer, before.answer, { startMs: endMs - spanMs, endMs }))
  }, [asked.answer, before.answer, endMs, spanMs])
  return (
    <section className="card service-patterns" aria-labelledby="patterns-title" aria-busy={asked.isLoading}>
      <div className="card-head">
        <h2 id="patterns-title">Log patterns</h2>
        <span className="aside">new or rising</span>
        <div className="tools">
          <Link to="/explore/logs" params={{ q: query, tab: 'patterns' }}>
            Logs
          </Link>
        </div>
      </div>
      <Faults of={{ 'The patterns': asked, 'The time before': before }} />
      <ul>
        {rows?.slice(0, SHOWN_MAX).map((row) => (
          <li key={`${row.level} ${row.pattern}`}>
            <span className={`badge ${TONES[row.level] ?? ''}`}>{row.level}</span>
            <span className="service-pattern-change">{changeText(row)}</span>
            <span className="number">{formatValue(row.count, PLAIN)}</span>
            <Link className="code" to="/explore/logs" params={{ q: `${query} |> ${quoted(row.pattern)}` }} dir="auto">
              {patternParts(row.pattern).map((part, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one text, replaced as a whole.
                <span key={i} data-varying={part.isVarying}>
                  {part.text}
                </span>
              ))}
            </Link>
          </li>
        ))}
      </ul>
      {rows?.length === 0 && <p className="service-none">No kind of line is new or comes twice as often.</p>}
    </section>
  )
}
