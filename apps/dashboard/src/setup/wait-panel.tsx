import type { ClientFault, RecentIntake } from '@vantage/api/client'
import { formatInstant, formatValue, PLAIN } from '@vantage/charts'
import { ArrowRight, CircleAlert, CircleCheck } from 'lucide-react'
import { useCallback, useEffect, useRef, useState } from 'react'
import { client } from '../app/client.ts'
import { foreignMetric } from '../app/foreign-data.ts'
import { Link } from '../app/link.tsx'
import { askOpenly } from '../app/open-questions.ts'
import { defaultQuery } from '../explore/default-query.ts'
import { Faults } from '../parts/faults.tsx'
import { elapsedText } from '../time/elapsed-text.ts'
import { firstMetricOf, itemName, receiverLines, receiverName, refusalLines } from './intake-view.ts'
import { fixFor } from './refusal-fix.ts'

const POLL_MS = 1_000

interface Waiting {
  /** Undefined before the first answer; then the last one that came. */
  readonly recent: RecentIntake | undefined
  readonly fault: ClientFault | undefined
  readonly elapsedMs: number
}

const NOTHING: RecentIntake = { accepted: [], refused: [] }
const UNKNOWN: Waiting = { recent: undefined, fault: undefined, elapsedMs: 0 }

/** Listens for the first event; refused requests appear with their cause and what to do about it. */
export function WaitPanel() {
  const { recent: answer, fault, elapsedMs, retry } = useRecentIntake()
  const recent = answer ?? NOTHING
  const hasArrived = recent.accepted.length > 0
  const metric = useFirstMetric(recent, hasArrived)
  return (
    <section className="card wait" aria-labelledby="wait-title">
      <div className="card-head">
        <span className="step" aria-hidden="true">
          3
        </span>
        <h2 id="wait-title">{hasArrived ? 'Data is arriving' : 'Listening for your first event'}</h2>
        <span className="aside tools">{elapsedText(elapsedMs)}</span>
      </div>
      <div className="wait-body">
        <span className="visually-hidden" role="status">
          {hasArrived ? 'Data is arriving' : answer !== undefined && 'Nothing has arrived yet'}
        </span>
        <Faults of={{ 'What arrives is not known': { answer, fault, retry } }} />
        {answer === undefined && fault === undefined && <div className="skeleton span-skeleton" aria-busy="true" />}
        {answer !== undefined && !hasArrived && fault === undefined && (
          <div className="listening">
            <span className="pulse" aria-hidden="true" />
            Nothing has arrived yet. This panel looks every second.
          </div>
        )}
        <ReceiverRows recent={recent} />
        <RefusalRows recent={recent} />
        {metric !== undefined && <Onward metric={metric} />}
      </div>
    </section>
  )
}

/** Looks every second, also after a failure; after Cancel when it is asked to. */
function useRecentIntake(): Waiting & { readonly retry: () => void } {
  const [waiting, setWaiting] = useState(UNKNOWN)
  const [attempt, setAttempt] = useState(0)
  const startMs = useRef(performance.now())
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt looks at once.
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    let end = () => {}
    const take = (answer: Awaited<ReturnType<typeof client.recentIntake>>) => {
      const elapsedMs = performance.now() - startMs.current
      setWaiting((former) =>
        answer.ok
          ? { recent: answer.value, fault: undefined, elapsedMs }
          : { ...former, fault: answer.error, elapsedMs },
      )
      if (answer.ok || answer.error.code !== 'cancelled') timer = setTimeout(ask, POLL_MS)
    }
    const ask = () => {
      end = askOpenly((signal) => client.recentIntake(signal), take)
    }
    ask()
    return () => {
      end()
      clearTimeout(timer)
    }
  }, [attempt])
  const retry = useCallback(() => setAttempt((former) => former + 1), [])
  return { ...waiting, retry }
}

/** The metric that the newest batch names; else one that is there already. */
function useFirstMetric(recent: RecentIntake, hasArrived: boolean): string | undefined {
  const [found, setFound] = useState<string | undefined>(undefined)
  useEffect(() => {
    if (!hasArrived) return
    return askOpenly(foreignMetric, setFound)
  }, [hasArrived])
  return firstMetricOf(recent) ?? found
}

function ReceiverRows({ recent }: { readonly recent: RecentIntake }) {
  const lines = receiverLines(recent.accepted)
  if (lines.length === 0) return null
  return (
    <ul className="intake-lines">
      {lines.map((line) => (
        <li key={`${line.signal} ${line.receiver}`}>
          <CircleCheck className="icon ok" aria-hidden="true" />
          <div>
            <strong>{receiverName(line.receiver)}</strong>
            <div className="intake-detail">
              {formatValue(line.items, PLAIN)} {itemName(line.signal)} in{' '}
              {line.batches === 1 ? 'one batch' : `the last ${line.batches} batches`}, newest{' '}
              {formatInstant(line.lastMs, 'browser').slice(11, 19)}
            </div>
            {line.firstMetric !== undefined && <div className="code intake-metric">{line.firstMetric}</div>}
          </div>
        </li>
      ))}
    </ul>
  )
}

function RefusalRows({ recent }: { readonly recent: RecentIntake }) {
  const lines = refusalLines(recent.refused)
  if (lines.length === 0) return null
  return (
    <ul className="intake-lines" aria-label="Refused requests">
      {lines.map((line) => (
        <li key={`${line.receiver} ${line.code} ${line.message}`}>
          <CircleAlert className="icon critical" aria-hidden="true" />
          <div>
            <strong>
              {receiverName(line.receiver)}: refused {line.count === 1 ? 'once' : `${line.count} times`}
            </strong>
            <div className="code intake-detail">{line.message}</div>
            <div className="intake-detail">{fixFor(line.code)}</div>
          </div>
        </li>
      ))}
    </ul>
  )
}

function Onward({ metric }: { readonly metric: string }) {
  const guess = { name: metric, type: metric.endsWith('_total') ? 'counter' : 'gauge', unit: '', help: '' }
  return (
    <div className="onward">
      <Link
        className="button primary"
        to="/explore/metrics"
        params={{ a: defaultQuery(guess, new Set()), from: 'now-15m', to: 'now' }}
      >
        Explore <span className="code">{metric}</span>
        <ArrowRight className="icon" aria-hidden="true" />
      </Link>
      <Link className="button" to="/live">
        Watch it live
      </Link>
    </div>
  )
}
