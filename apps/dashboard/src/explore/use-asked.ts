import type { ClientFault } from '@vantage/api/client'
import type { Result } from '@vantage/model'
import { useCallback, useEffect, useMemo, useState } from 'react'
import { askOpenly } from '../app/open-questions.ts'
import { useTimeMemory } from '../time/time-store.ts'

/** What is known of one question. The answer stays while a newer one is on its way, and after a failure. */
export interface Asked<T> {
  readonly isLoading: boolean
  readonly answer: T | undefined
  readonly fault: ClientFault | undefined
  /** Asks the same again. */
  readonly retry: () => void
}

/**
 * Asks whenever `key` changes, and when a person wants all answers anew; a question that a newer one replaces is aborted,
 * one that a person cancels has the fault `cancelled`.
 * @param key holds all that the question depends on; undefined = nothing is asked
 */
export function useAsked<T>(
  key: string | undefined,
  ask: (signal: AbortSignal) => Promise<Result<T, ClientFault>>,
): Asked<T> {
  const [asked, setAsked] = useState<Omit<Asked<T>, 'retry'>>({
    isLoading: false,
    answer: undefined,
    fault: undefined,
  })
  const [attempt, setAttempt] = useState(0)
  const retry = useCallback(() => setAttempt((former) => former + 1), [])
  const round = useTimeMemory((memory) => memory.round)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key holds all that the question depends on.
  useEffect(() => {
    if (key === undefined) return
    setAsked((former) => ({ ...former, isLoading: true }))
    return askOpenly(ask, (result) =>
      setAsked((former) =>
        result.ok
          ? { isLoading: false, answer: result.value, fault: undefined }
          : { isLoading: false, answer: former.answer, fault: result.error },
      ),
    )
  }, [key, round, attempt])
  return useMemo(() => ({ ...asked, retry }), [asked, retry])
}

/** What was there when nothing was missing last: what several answers make does not change with each of them. */
export function useWhole<T>(value: T, isWhole: boolean): T {
  const [whole, setWhole] = useState(value)
  if (isWhole && whole !== value) setWhole(value)
  return isWhole ? value : whole
}
