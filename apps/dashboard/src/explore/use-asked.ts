import type { ClientFault } from '@vantage/api/client'
import type { Result } from '@vantage/model'
import { useEffect, useState } from 'react'
import { useTimeMemory } from '../time/time-store.ts'

/** What is known of one question. The answer stays while a newer one is on its way, and after a failure. */
export interface Asked<T> {
  readonly isLoading: boolean
  readonly answer: T | undefined
  readonly fault: ClientFault | undefined
}

/** Questions of all parts of the page that wait for their answers. */
let waiting = 0

/** Whether some part of the page still waits for an answer. */
export function isAsking(): boolean {
  return waiting > 0
}

/** @returns what ends it, once */
function beginWaiting(): () => void {
  let isOver = false
  waiting++
  return () => {
    if (!isOver) waiting--
    isOver = true
  }
}

/**
 * Asks whenever `key` changes, and when a person wants all answers anew; a question that a newer one replaces is aborted.
 * @param key holds all that the question depends on; undefined = nothing is asked
 */
export function useAsked<T>(
  key: string | undefined,
  ask: (signal: AbortSignal) => Promise<Result<T, ClientFault>>,
): Asked<T> {
  const [asked, setAsked] = useState<Asked<T>>({ isLoading: false, answer: undefined, fault: undefined })
  const round = useTimeMemory((memory) => memory.round)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key holds all that the question depends on.
  useEffect(() => {
    if (key === undefined) return
    const abort = new AbortController()
    const end = beginWaiting()
    setAsked((former) => ({ ...former, isLoading: true }))
    void ask(abort.signal).then((result) => {
      end()
      if (abort.signal.aborted) return
      setAsked((former) =>
        result.ok
          ? { isLoading: false, answer: result.value, fault: undefined }
          : { isLoading: false, answer: former.answer, fault: result.error },
      )
    })
    return () => {
      end()
      abort.abort()
    }
  }, [key, round])
  return asked
}
