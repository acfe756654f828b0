import type { ChangeEvent, QueryAnswer } from '@vantage/api/client'
import type { TimeRange } from '@vantage/model'
import { useMemo } from 'react'
import { client } from '../app/client.ts'
import { type Asked, useAsked, useWhole } from '../explore/use-asked.ts'
import type { Questions } from '../parts/faults.tsx'
import { redBy } from '../services/service-model.ts'
import { figureStepsQuery } from '../services/service-queries.ts'
import { type Judgement, judge, stepsByService } from './findings.ts'

/** Steps of the range and the time before it in which starts are looked for. */
const STEPS = 120
const STEP_MIN_MS = 5_000
/** Changes that may have led to the first step. */
const LEAD_MS = 1_800_000
export const EVENTS_MAX = 500

export interface Found {
  /** Undefined until the figures of both times are known, and what is to be known of starts and changes. */
  readonly judgement: Judgement | undefined
  readonly isLoading: boolean
  readonly events: Asked<readonly ChangeEvent[]>
  /** Figures over the range and the time before it. */
  readonly steps: QueryAnswer | undefined
  readonly asked: Questions
}

/**
 * Compares services with the time before, and finds where they changed and what happened shortly before.
 * @param now what `figuresQuery` says of the range, `before` of the time before it
 * @param service the only one that is compared; undefined = all of them
 */
export function useJudgement(
  range: TimeRange,
  now: QueryAnswer | undefined,
  before: QueryAnswer | undefined,
  service?: string,
): Found {
  const { startMs, endMs } = range
  const stepMs = Math.max(STEP_MIN_MS, Math.ceil((2 * (endMs - startMs)) / STEPS / 1000) * 1000)
  const fromMs = endMs - Math.floor((2 * (endMs - startMs)) / stepMs) * stepMs
  const key = JSON.stringify([startMs, endMs, service])
  const steps = useAsked(key, (signal) =>
    client.queryRange({ query: figureStepsQuery(stepMs, service), startMs: fromMs, endMs, stepMs }, signal),
  )
  const events = useAsked(key, (signal) =>
    client.events({ startMs: fromMs - LEAD_MS, endMs }, undefined, EVENTS_MAX, signal),
  )
  const judged = useMemo(() => {
    if (now === undefined || before === undefined) return undefined
    return judge({
      range: { startMs, endMs },
      now: redBy(now, 'service'),
      before: redBy(before, 'service'),
      steps: stepsByService(steps.answer),
      stepMs,
      events: events.answer ?? [],
    })
  }, [now, before, steps.answer, events.answer, startMs, endMs, stepMs])
  // Starts and changes decide how severe a finding is, and with it the order.
  const isLoading = steps.isLoading || events.isLoading
  const judgement = useWhole(judged, !isLoading)
  return {
    judgement,
    isLoading,
    events,
    steps: steps.answer,
    asked: { 'Starts of findings': steps },
  }
}
