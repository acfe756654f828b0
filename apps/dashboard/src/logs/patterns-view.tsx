import { formatInstant, formatValue, PLAIN, sparklinePath, type Zone } from '@vantage/charts'
import { ChevronDown, ChevronRight } from 'lucide-react'
import { useMemo } from 'react'
import { client } from '../app/client.ts'
import { useNavigate, useSearch } from '../app/router.ts'
import { NoMatches } from '../explore/no-matches.tsx'
import type { SteppedRange } from '../explore/range-steps.ts'
import { useAsked } from '../explore/use-asked.ts'
import { Faults } from '../parts/faults.tsx'
import { refresh } from '../time/time-store.ts'
import { quoted } from './log-model.ts'
import {
  changeText,
  type PatternRow,
  patternParts,
  patternRows,
  patternStepMs,
  varyingValues,
} from './pattern-model.ts'

const ROWS_SHOWN = 100
/** Lines from which the values of a pattern are read. */
const LINES_MAX = 500
const TREND = { width: 90, height: 18 } as const

interface PatternsViewProps {
  /** Changes when patterns are to be asked for anew; undefined = they are not. */
  readonly askKey: string | undefined
  readonly query: string
  readonly range: SteppedRange
  readonly zone: Zone
}

/** Lines that are alike but for what varies: how many, since when, and more or fewer than before. */
export function PatternsView({ askKey, query, range, zone }: PatternsViewProps) {
  const { startMs, endMs } = range
  const stepMs = patternStepMs(range)
  const asked = useAsked(askKey, (signal) => client.logPatterns({ query, startMs, endMs }, stepMs, signal))
  const before = useAsked(askKey, (signal) =>
    client.logPatterns({ query, startMs: startMs - (endMs - startMs), endMs: startMs }, stepMs, signal),
  )
  const rows = useMemo(
    () => patternRows(asked.answer ?? [], before.answer ?? [], { startMs, endMs }),
    [asked.answer, before.answer, startMs, endMs],
  )
  const faults = <Faults of={{ 'The patterns': { ...asked, query } }} />
  if (asked.answer === undefined) {
    return asked.isLoading ? <div className="skeleton page-skeleton" aria-busy="true" /> : faults
  }
  if (rows.length === 0) {
    return (
      <NoMatches one="line" signal="logs">
        Nothing in this time fulfils <span className="code">{query}</span>.
      </NoMatches>
    )
  }
  return (
    <section className="card log-patterns" aria-labelledby="patterns-title" aria-busy={asked.isLoading}>
      <div className="card-head">
        <h2 id="patterns-title">Patterns</h2>
        <span className="aside">
          {rows.length > ROWS_SHOWN ? `the ${ROWS_SHOWN} most frequent of ${rows.length}` : `${rows.length}`}, changes
          against the time before
        </span>
      </div>
      {faults}
      <ol>
        {rows.slice(0, ROWS_SHOWN).map((row) => (
          <Pattern key={nameOf(row)} row={row} query={query} range={range} zone={zone} />
        ))}
      </ol>
    </section>
  )
}

type PatternProps = Omit<PatternsViewProps, 'askKey'> & { readonly row: PatternRow }

/** Patterns that are opened. */
const OPEN_PARAM = 'open'

function nameOf({ level, pattern }: PatternRow): string {
  return `${level} ${pattern}`
}

function Pattern({ row, query, range, zone }: PatternProps) {
  const navigate = useNavigate()
  const open = useSearch().getAll(OPEN_PARAM)
  const name = nameOf(row)
  const isOpen = open.includes(name)
  const toggle = () => navigate({ [OPEN_PARAM]: isOpen ? open.filter((one) => one !== name) : [...open, name] })
  const Fold = isOpen ? ChevronDown : ChevronRight
  const change = changeText(row)
  return (
    <li className="log-pattern" data-level={row.level}>
      <button type="button" className="log-pattern-line" aria-expanded={isOpen} onClick={toggle}>
        <Fold className="icon" aria-hidden="true" />
        <span className="log-level">{row.level}</span>
        <span className="log-pattern-text code">
          {patternParts(row.pattern).map((part, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one text, replaced as a whole.
            <span key={i} data-varying={part.isVarying}>
              {part.text}
            </span>
          ))}
        </span>
        <svg className="log-trend" viewBox={`0 0 ${TREND.width} ${TREND.height}`} aria-hidden="true">
          <path d={sparklinePath(row.trend, TREND.width, TREND.height)} />
        </svg>
        <span className="log-pattern-change" data-new={row.before === 0}>
          {change}
        </span>
        <span className="number">{formatValue(row.count, PLAIN)}</span>
      </button>
      {isOpen && <PatternDetail row={row} query={query} range={range} zone={zone} />}
    </li>
  )
}

function PatternDetail({ row, query, range, zone }: PatternProps) {
  const navigate = useNavigate()
  const own = `${query.trim()} |> ${quoted(row.pattern)}`
  const asked = useAsked(own, (signal) => client.logLines({ query: own, ...range }, LINES_MAX, signal))
  const values = useMemo(
    () => (asked.answer === undefined ? [] : varyingValues(row.pattern, asked.answer)),
    [row.pattern, asked.answer],
  )
  const go = (text: string) => {
    navigate({ q: text, tab: null, line: null })
    refresh()
  }
  return (
    <div className="log-pattern-detail" aria-busy={asked.isLoading}>
      <div className="row">
        <button type="button" className="button small" onClick={() => go(own)}>
          Lines of this pattern
        </button>
        <button type="button" className="button small" onClick={() => go(`${query.trim()} !> ${quoted(row.pattern)}`)}>
          Filter out
        </button>
        <span className="aside">first seen {formatInstant(row.firstMs, zone).slice(5, 16)} in this time</span>
      </div>
      <Faults of={{ 'Its lines': asked }} />
      {asked.answer !== undefined && values.length === 0 && <p className="span-none">Nothing in it varies.</p>}
      <div className="log-pattern-values">
        {values.map((place, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: places of one pattern, in its order.
          <section key={i} aria-label={`Values of place ${i + 1}`}>
            <h3>
              <span className="code">…{place.after}</span> {place.distinct} different
            </h3>
            <ul>
              {place.values.map(({ value, count }) => (
                <li key={value}>
                  <span className="code facet-text">{value}</span>
                  <span className="number">{formatValue(count, PLAIN)}</span>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
      {asked.answer !== undefined && values.length > 0 && (
        <p className="span-none">Values of the newest {asked.answer.length} lines.</p>
      )}
    </div>
  )
}
