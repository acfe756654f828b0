import { formatFactor, formatValue, NO_DATA, PLAIN, sparklinePath } from '@vantage/charts'
import { CircleAlert, CircleCheck, CircleDashed, TriangleAlert } from 'lucide-react'
import { SparkPaths } from '../parts/spark-paths.tsx'
import { changeOf, type Red, type ServiceState } from './service-model.ts'
import { RATIO, SECONDS } from './units.ts'

const MARKS = { failing: CircleAlert, degraded: TriangleAlert, healthy: CircleCheck, quiet: CircleDashed } as const
const NAMES = { failing: 'Failing', degraded: 'Degraded', healthy: 'Healthy', quiet: 'Quiet' } as const

/** A state by shape and word, besides its colour. */
export function StateMark({ state }: { readonly state: ServiceState }) {
  const Mark = MARKS[state]
  return (
    <span className="service-state" data-state={state}>
      <Mark className="icon" aria-hidden="true" />
      {NAMES[state]}
    </span>
  )
}

/** Changes smaller than this are noise. */
const SHOWN_MIN = 0.01
/** Smaller ones are shown, but neither good nor bad. */
const TOLD_MIN = 0.1

interface ChangeProps {
  readonly now: number
  readonly before: number | undefined
  /** Whether more is good, bad, or neither. */
  readonly isGood: boolean | undefined
}

/** How much more or less than in the time before; nothing where there is nothing to say. */
export function Change(props: ChangeProps) {
  const change = changeOf(props.now, props.before)
  const tone = toneOf(props)
  if (change === undefined || tone === undefined) return null
  const isTimes = change >= 1
  const size = isTimes ? formatFactor(change + 1) : `${Math.round(Math.abs(change) * 100)}\u202F%`
  return (
    <span className="service-delta" data-tone={tone}>
      {tone === 'bad' ? (
        <>
          <span className="delta-mark" aria-hidden="true">
            {change > 0 ? '▲' : '▼'}
          </span>{' '}
          <span className="visually-hidden">{change > 0 ? 'up' : 'down'} </span>
        </>
      ) : (
        !isTimes && (change > 0 ? '+' : '−')
      )}
      {size}
    </span>
  )
}

type Tone = 'plain' | 'good' | 'bad'

/** Whether a change is one for the better; undefined where there is none to speak of. */
export function toneOf({ now, before, isGood }: ChangeProps): Tone | undefined {
  const change = changeOf(now, before)
  if (change === undefined || Math.abs(change) < SHOWN_MIN) return undefined
  if (isGood === undefined || Math.abs(change) < TOLD_MIN) return 'plain'
  return change > 0 === isGood ? 'good' : 'bad'
}

interface RedCellProps {
  readonly now: Red
  readonly before: Red | undefined
}

/** Requests a second in a row of a table, with their change. */
export function RateCell({ now, before }: RedCellProps) {
  return (
    <td className="number changing">
      {formatValue(now.rate, PLAIN)} <Change now={now.rate} before={before?.rate} isGood={undefined} />
    </td>
  )
}

/** The share of requests that failed. */
export function ErrorsCell({ red }: { readonly red: Red }) {
  return <td className="number">{Number.isNaN(red.errorShare) ? NO_DATA : formatValue(red.errorShare, RATIO)}</td>
}

/** How long nearly all requests took, with its change. */
export function P95Cell({ now, before }: RedCellProps) {
  return (
    <td className="number changing">
      {formatValue(now.p95, SECONDS)} <Change now={now.p95} before={before?.p95} isGood={false} />
    </td>
  )
}

/** Columns of `RateCell` and `P95Cell`. */
export const CHANGING: readonly string[] = ['Requests/s', 'p95']

interface NumberHeadsProps {
  readonly names: readonly string[]
  /** Those whose numbers have a change beside them. */
  readonly changing?: readonly string[]
}

/** Heads of columns of numbers. */
export function NumberHeads({ names, changing = [] }: NumberHeadsProps) {
  return names.map((name) => (
    <th key={name} scope="col" className={changing.includes(name) ? 'number changing' : 'number'}>
      {name}
    </th>
  ))
}

const SPARK = { width: 96, height: 24 }

interface TrendProps {
  readonly values: readonly number[]
  readonly tone?: Tone | undefined
  /** What lies below the line is filled. */
  readonly isFilled?: boolean
}

/** A figure over time, as a line. */
export function Trend({ values, tone = 'plain', isFilled = false }: TrendProps) {
  return (
    <svg
      className="service-trend"
      data-tone={tone}
      viewBox={`0 0 ${SPARK.width} ${SPARK.height}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {isFilled ? (
        <SparkPaths values={values} {...SPARK} />
      ) : (
        <path d={sparklinePath(values, SPARK.width, SPARK.height)} />
      )}
    </svg>
  )
}
