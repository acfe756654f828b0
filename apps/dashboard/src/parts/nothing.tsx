import type { ReactNode } from 'react'
import { Link } from '../app/link.tsx'
import { useSearch } from '../app/router.ts'
import { useAsked } from '../explore/use-asked.ts'
import { SETUP_STEPS, type SetupSignal } from '../home/setup-steps.ts'
import { chooseTime, rangeOf, timeStateOf, useTimeMemory } from '../time/time-store.ts'

const DAY_MS = 86_400_000
/** Times that are offered where a shorter one has nothing. */
const WIDER = [
  { spanMs: DAY_MS, from: 'now-24h', label: 'Look at the last 24 hours' },
  { spanMs: 7 * DAY_MS, from: 'now-7d', label: 'Look at the last 7 days' },
  { spanMs: 30 * DAY_MS, from: 'now-30d', label: 'Look at the last 30 days' },
] as const

interface NothingProps {
  readonly title: string
  /** What it is made of. */
  readonly signal: SetupSignal
  /** Where it comes from, and why there may be none. */
  readonly children: ReactNode
  /** Ways out besides a wider time and sending something. */
  readonly actions?: ReactNode
}

/** In place of a list that has nothing in this time: was there ever anything, a wider time, the way to sending some. */
export function Nothing({ title, signal, children, actions }: NothingProps) {
  const search = useSearch()
  const { nowMs } = useTimeMemory()
  const step = SETUP_STEPS[signal]
  const hasEver = useAsked(signal, (abort) => step.isDone(nowMs, abort)).answer
  const { startMs, endMs } = rangeOf(timeStateOf(search), nowMs)
  const wider = hasEver === false ? undefined : WIDER.find(({ spanMs }) => spanMs > endMs - startMs)
  return (
    <section className="card empty" aria-label={title}>
      <h2>{title}</h2>
      <div>{children}</div>
      {hasEver === false && <p>{step.never}</p>}
      <div className="empty-actions">
        {actions}
        {wider !== undefined && (
          <button type="button" className="button" onClick={() => chooseTime({ from: wider.from, to: 'now' })}>
            {wider.label}
          </button>
        )}
        <Link className={hasEver === false ? 'button primary' : 'button'} to="/setup">
          {step.title}
        </Link>
      </div>
    </section>
  )
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
