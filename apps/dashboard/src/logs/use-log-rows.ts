import type { ClientFault } from '@vantage/api/client'
import type { TimeRange } from '@vantage/model'
import { useCallback, useEffect, useRef, useState } from 'react'
import { client } from '../app/client.ts'
import { askOpenly } from '../app/open-questions.ts'
import { useTimeMemory } from '../time/time-store.ts'
import { LINES_MAX } from './log-model.ts'
import { type LogRow, logRows, PAGE_LINES, ROWS_MAX, withOlder } from './log-rows.ts'

const NS_PER_MS = 1_000_000n

export interface LoadedRows {
  /** Undefined before the first answer; then the last that came, while another is asked for. */
  readonly rows: readonly LogRow[] | undefined
  readonly isLoading: boolean
  readonly fault: ClientFault | undefined
  /** There may be older lines in the time that is asked for. */
  readonly hasOlder: boolean
  /** So many are loaded that no older ones are. */
  readonly isFull: boolean
  readonly loadOlder: () => void
  readonly retry: () => void
  /** Until when lines were asked for, at first. */
  readonly endNs: bigint
  readonly change: (change: (rows: readonly LogRow[]) => readonly LogRow[]) => void
}

interface State extends Pick<LoadedRows, 'rows' | 'isLoading' | 'fault' | 'hasOlder' | 'endNs'> {
  /** What the rows are of. */
  readonly key: string
}

const NOTHING: State = { key: '', rows: undefined, isLoading: false, fault: undefined, hasOlder: false, endNs: 0n }

/**
 * The newest lines of a query, and older ones as they are asked for.
 * @param key changes when the lines are to be asked for anew; undefined = nothing is asked
 */
export function useLogRows(key: string | undefined, query: string, range: TimeRange): LoadedRows {
  const [state, setState] = useState<State>(NOTHING)
  const round = useTimeMemory((memory) => memory.round)
  const [attempt, setAttempt] = useState(0)
  const retry = useCallback(() => setAttempt((former) => former + 1), [])
  const latest = useRef({ query, range, state })
  latest.current = { query, range, state }
  /** Ends the question for older lines. */
  const older = useRef<() => void>(undefined)
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new round or attempt asks the same question.
  useEffect(() => {
    if (key === undefined) return
    setState((former) => ({ ...former, isLoading: true }))
    const { query: asked, range: of } = latest.current
    const end = askPage({ query: asked, ...nsOf(of) }, LINES_MAX, (answer) => {
      setState((former) =>
        answer.ok
          ? {
              key,
              rows: logRows(answer.value),
              isLoading: false,
              fault: undefined,
              hasOlder: answer.value.length === LINES_MAX,
              endNs: nsOf(of).endNs,
            }
          : { ...former, isLoading: false, fault: answer.error },
      )
    })
    return () => {
      end()
      older.current?.()
    }
  }, [key, round, attempt])
  const loadOlder = useCallback(() => {
    const { query: asked, range: of, state: now } = latest.current
    const oldest = now.rows?.at(-1)
    if (oldest === undefined || now.isLoading || !now.hasOlder || (now.rows?.length ?? 0) >= ROWS_MAX) return
    setState((former) => ({ ...former, isLoading: true }))
    const span = { query: asked, startNs: nsOf(of).startNs, endNs: oldest.timeNs + 1n }
    older.current = askPage(span, PAGE_LINES, (answer) => {
      setState((former) => {
        if (!answer.ok) return { ...former, isLoading: false, fault: answer.error }
        const rows = withOlder(former.rows ?? [], answer.value)
        const hasOlder = answer.value.length === PAGE_LINES && rows !== former.rows
        return { ...former, rows, isLoading: false, fault: undefined, hasOlder }
      })
    })
  }, [])
  const change = useCallback((by: (rows: readonly LogRow[]) => readonly LogRow[]) => {
    setState((former) => (former.rows === undefined ? former : { ...former, rows: by(former.rows) }))
  }, [])
  return { ...state, isFull: (state.rows?.length ?? 0) >= ROWS_MAX, loadOlder, retry, change }
}

type Page = Awaited<ReturnType<typeof client.logPage>>

/** Asks for the newest lines of a span. @returns what ends it unanswered */
function askPage(span: Parameters<typeof client.logPage>[0], count: number, done: (answer: Page) => void): () => void {
  return askOpenly((signal) => client.logPage(span, 'backward', count, signal), done)
}

function nsOf({ startMs, endMs }: TimeRange): { readonly startNs: bigint; readonly endNs: bigint } {
  return { startNs: BigInt(Math.floor(startMs)) * NS_PER_MS, endNs: BigInt(Math.ceil(endMs)) * NS_PER_MS }
}
