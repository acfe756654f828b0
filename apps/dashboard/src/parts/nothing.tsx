import { formatValue } from '@vantage/charts'
import type { ReactNode } from 'react'
import { client } from '../app/client.ts'
import { Link } from '../app/link.tsx'
import { useSearch } from '../app/router.ts'
import { useAsked } from '../explore/use-asked.ts'
import { SETUP_STEPS } from '../home/setup-steps.ts'
import { chooseTime, rangeOf, timeStateOf, useTimeMemory } from '../time/time-store.ts'

const DAY_MS = 86_400_000
/** Times that are offered where a shorter one has nothing. */
const WIDER = [
  { spanMs: DAY_MS, from: 'now-24h', label: 'Look at the last 24 hours' },
  { spanMs: 7 * DAY_MS, from: 'now-7d', label: 'Look at the last 7 days' },
  { spanMs: 30 * DAY_MS, from: 'now-30d', label: 'Look at the last 30 days' },
] as const

/** A time that ends within this before now may lack what is on its way. */
const NEW_MS = 10_000
/** What arrived within this is still arriving. */
const RECENT_MS = 60_000

/** What rows of a signal are called. */
const ROWS = { metrics: 'Samples', logs: 'Lines', traces: 'Spans' } as const
type Signal = keyof typeof ROWS

interface NothingProps {
  readonly title: string
  /** What it is made of. */
  readonly signal: Signal
  /** What it is kept as, where that is another: figures of services are metrics that are made of spans. */
  readonly keptAs?: Signal
  /** It is of now, whatever the time control says. */
  readonly isOfNow?: boolean
  /** Where it comes from, and why there may be none. */
  readonly children: ReactNode
  /** Ways out besides a wider time and sending something. */
  readonly actions?: ReactNode
}

/** In place of a list that has nothing in this time: was there ever anything, a wider time, the way to sending some. */
export function Nothing({ title, signal, keptAs = signal, isOfNow = false, children, actions }: NothingProps) {
  const time = useKept(keptAs)
  const step = SETUP_STEPS[signal]
  const hasEver = useAsked(signal, (abort) => step.isDone(time.nowMs, abort)).answer
  return (
    <section className="card empty" aria-label={title}>
      <h2>{title}</h2>
      <div>{children}</div>
      {hasEver === false && <p>{step.never}</p>}
      {!isOfNow && <KeptOrArriving signal={signal} keptAs={keptAs} time={time} />}
      <div className="empty-actions">
        {actions}
        {!isOfNow && hasEver !== false && <Wider time={time} />}
        <Link className={hasEver === false ? 'button primary' : 'button'} to="/setup">
          {step.title}
        </Link>
      </div>
    </section>
  )
}

type Kept = ReturnType<typeof useKept>

/** The time that the page is of, and what is kept of a signal. */
function useKept(signal: Signal) {
  const search = useSearch()
  const { nowMs } = useTimeMemory()
  const kept = useAsked('kept', (abort) => client.keptPeriods(abort)).answer?.[signal]
  const range = rangeOf(timeStateOf(search), nowMs)
  const isNew = range.endMs >= nowMs - NEW_MS
  return { range, nowMs, isNew, kept, keptFromMs: nowMs - (kept?.ms ?? Number.POSITIVE_INFINITY) }
}

interface KeptOrArrivingProps {
  readonly signal: Signal
  readonly keptAs: Signal
  readonly time: Kept
}

/** Why there may be none: it is no longer kept, or on its way. */
function KeptOrArriving({ signal, keptAs, time }: KeptOrArrivingProps) {
  const { range, nowMs, isNew, kept, keptFromMs } = time
  const recent = useAsked(isNew ? String(nowMs) : undefined, (abort) => client.recentIntake(abort)).answer
  if (kept !== undefined && range.endMs < keptFromMs) {
    return (
      <p>
        {ROWS[keptAs]} are kept for {periodText(kept.ms)} here (<span className="code">{kept.key}</span>); this time
        lies before that.
      </p>
    )
  }
  const isArriving = recent?.accepted.some((one) => one.signal === signal && one.atMs > nowMs - RECENT_MS)
  if (!isNew || isArriving !== true) return null
  return <p>{ROWS[signal]} arrived within the last minute: the newest may still be on their way.</p>
}

/** A longer time up to now; nothing where this one holds all that is kept. */
function Wider({ time: { range, isNew, keptFromMs } }: { readonly time: Kept }) {
  const wider = WIDER.find(({ spanMs }) => spanMs > range.endMs - range.startMs)
  if (wider === undefined || (isNew && range.startMs <= keptFromMs)) return null
  return (
    <button type="button" className="button" onClick={() => chooseTime({ from: wider.from, to: 'now' })}>
      {wider.label}
    </button>
  )
}

/** In days where there is a whole one: the way it is configured. */
export function periodText(ms: number): string {
  return ms < DAY_MS ? formatValue(ms / 1_000, { kind: 'seconds' }) : `${Number((ms / DAY_MS).toFixed(1))} d`
}

interface NoneCalledProps {
  /** What is looked for, one of it. */
  readonly one: string
  /** What was typed. */
  readonly find: string
  /** How many there are without it. */
  readonly total: number
  readonly onDrop: () => void
}

/** In place of a list that a filter empties: what it removes, and the way to drop it. */
export function NoneCalled({ one, find, total, onDrop }: NoneCalledProps) {
  return (
    <div className="empty">
      <strong>
        No {one} matches “{find}”
      </strong>
      <p>
        Without this filter there {total === 1 ? 'is 1' : `are ${total.toLocaleString('en')}`}.{' '}
        <button type="button" className="button small" onClick={onDrop}>
          Drop it
        </button>
      </p>
    </div>
  )
}
