import type { ChangeEvent } from '@vantage/api/client'
import type { TimeRange } from '@vantage/model'
import { useMemo } from 'react'
import { client } from '../app/client.ts'
import { useAsked, useWhole } from '../explore/use-asked.ts'
import type { Questions } from '../parts/faults.tsx'
import type { ServiceAnswers } from './service-model.ts'
import { figuresQuery, trendQuery, trendStepMs } from './service-queries.ts'

const EVENTS_MAX = 200
const NO_EVENTS: readonly ChangeEvent[] = []

export interface ServiceAsked {
  /** The same object until one of them changes. */
  readonly answers: ServiceAnswers
  readonly isLoading: boolean
  readonly asked: Questions
}

/** Figures of all services in a range and in the time before it, their lines, and their changes. */
export function useServiceAnswers(range: TimeRange): ServiceAsked {
  const { startMs, endMs } = range
  const spanMs = endMs - startMs
  const key = `${startMs} ${endMs}`
  const stepMs = trendStepMs(spanMs)
  const ask = (query: string) => (signal: AbortSignal) => client.queryInstant(query, endMs, signal)
  const now = useAsked(key, ask(figuresQuery(spanMs, 0, 'service')))
  const before = useAsked(key, ask(figuresQuery(spanMs, spanMs, 'service')))
  const trend = useAsked(key, (signal) =>
    client.queryRange({ query: trendQuery(stepMs, 'service'), startMs, endMs, stepMs }, signal),
  )
  const events = useAsked(key, (signal) => client.events(range, undefined, EVENTS_MAX, signal))
  const asked = { Figures: now, 'The time before': before, 'Lines over time': trend, Changes: events }
  const isLoading = Object.values(asked).some((one) => one.isLoading)
  // They make the states that rows are ordered by: with one of them alone rows would move when the other comes.
  const compared = useWhole(
    useMemo(() => ({ now: now.answer, before: before.answer }), [now.answer, before.answer]),
    !now.isLoading && !before.isLoading,
  )
  const answers = useMemo(
    () => ({ ...compared, trend: trend.answer, events: events.answer ?? NO_EVENTS, range }),
    [compared, trend.answer, events.answer, range],
  )
  return { answers, isLoading, asked }
}
