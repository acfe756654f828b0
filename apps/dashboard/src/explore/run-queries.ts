import type { ClientFault, QueryAnswer } from '@vantage/api/client'
import { useEffect, useState } from 'react'
import { client } from '../app/client.ts'
import { askOpenly } from '../app/open-questions.ts'
import { useTimeMemory } from '../time/time-store.ts'
import type { ExploreView, QueryRow, RowRef } from './explore-url.ts'
import type { SteppedRange } from './range-steps.ts'

/** What is known of one row. The answer and its range stay while a newer one is on its way, and after a failure. */
export interface RowResult {
  readonly phase: 'loading' | 'done' | 'failed'
  /** The text that was asked last. */
  readonly text: string
  readonly answer: QueryAnswer | undefined
  /** The text that `answer` answers; after a failure it is an older one. */
  readonly answeredText: string
  readonly range: SteppedRange
  readonly fault: ClientFault | undefined
  readonly elapsedMs: number
}

export type RowResults = Readonly<Partial<Record<RowRef, RowResult>>>

/**
 * Asks the server for every row that is on, whenever texts, range or view change or a person wants all answers anew. Requests that a newer
 * one replaces are aborted; their rows keep what they showed.
 */
export function useQueryRun(rows: readonly QueryRow[], range: SteppedRange, view: ExploreView): RowResults {
  const [results, setResults] = useState<RowResults>({})
  const round = useTimeMemory((memory) => memory.round)
  const asked = rows.filter((row) => !row.isOff && row.text.trim() !== '')
  const key = JSON.stringify([asked.map((row) => [row.ref, row.text]), range, view])
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key holds all that the request depends on.
  useEffect(() => {
    const refs = new Set(asked.map((row) => row.ref))
    setResults((former) => keepOnly(former, refs))
    const ends = asked.map(({ ref, text }) => {
      const startedMs = performance.now()
      setResults((former) => ({ ...former, [ref]: loading(former[ref], text, range) }))
      return askOpenly(
        (signal) => ask(text, range, view, signal),
        (answer) =>
          setResults((former) => ({ ...former, [ref]: finished(former[ref], answer, text, range, startedMs) })),
      )
    })
    return () => {
      for (const end of ends) end()
    }
  }, [key, round])
  return results
}

type Asked = Awaited<ReturnType<typeof client.queryRange>>

function ask(text: string, range: SteppedRange, view: ExploreView, signal: AbortSignal): Promise<Asked> {
  if (view === 'table') return client.queryInstant(text, range.endMs, signal)
  return client.queryRange({ query: text, ...range, trace: view === 'explain' }, signal)
}

function keepOnly(results: RowResults, refs: ReadonlySet<string>): RowResults {
  return Object.fromEntries(Object.entries(results).filter(([ref]) => refs.has(ref)))
}

function loading(former: RowResult | undefined, text: string, range: SteppedRange): RowResult {
  return {
    phase: 'loading',
    text,
    answer: former?.answer,
    answeredText: former?.answeredText ?? '',
    range: former?.range ?? range,
    fault: former?.fault,
    elapsedMs: former?.elapsedMs ?? 0,
  }
}

function finished(
  former: RowResult | undefined,
  asked: Asked,
  text: string,
  range: SteppedRange,
  startedMs: number,
): RowResult {
  const elapsedMs = performance.now() - startedMs
  if (asked.ok) {
    return {
      phase: 'done',
      text,
      answer: asked.value,
      answeredText: text,
      range,
      fault: undefined,
      elapsedMs,
    }
  }
  const { answer, answeredText } = former ?? { answer: undefined, answeredText: '' }
  return {
    phase: 'failed',
    text,
    answer,
    answeredText,
    range: former?.range ?? range,
    fault: asked.error,
    elapsedMs,
  }
}
