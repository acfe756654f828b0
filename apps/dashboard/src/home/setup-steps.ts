import type { ClientFault } from '@vantage/api/client'
import { err, ok, type Result } from '@vantage/model'
import { useEffect, useRef, useState } from 'react'
import { client } from '../app/client.ts'
import { hasSentMetrics } from '../app/foreign-data.ts'

const DAY_MS = 86_400_000
/** How far back rows are looked for. */
const LOOK_BACK_MS = 7 * DAY_MS

type Known = Promise<Result<boolean, ClientFault>>

interface SetupStep {
  readonly id: string
  readonly title: string
  readonly why: string
  /** Whether the server has any. */
  readonly isDone: (endMs: number, signal: AbortSignal) => Known
}

export const SETUP_STEPS: readonly SetupStep[] = [
  {
    id: 'traces',
    title: 'Send traces',
    why: 'Services, their requests, errors and latencies are counted from spans.',
    isDone: async (endMs, signal) => some(await client.searchTraces('{}', endMs - LOOK_BACK_MS, endMs, 1, signal)),
  },
  {
    id: 'logs',
    title: 'Send logs',
    why: 'Lines stand beside the requests that wrote them.',
    isDone: async (endMs, signal) => {
      const query = '{service_name=~".+",event=""}'
      return some(await client.logLines({ query, startMs: endMs - LOOK_BACK_MS, endMs }, 1, signal))
    },
  },
  {
    id: 'metrics',
    title: 'Send metrics',
    why: 'Of applications, hosts, queues: Prometheus or OpenTelemetry.',
    isDone: (_, signal) => hasSentMetrics(signal),
  },
  {
    id: 'changes',
    title: 'Tell about deploys',
    why: 'A new service.version is seen by itself; other changes can be posted.',
    isDone: async (endMs, signal) =>
      some(await client.events({ startMs: endMs - LOOK_BACK_MS, endMs }, undefined, 1, signal)),
  },
]

function some(answer: Result<readonly unknown[], ClientFault>): Result<boolean, ClientFault> {
  return answer.ok ? ok(answer.value.length > 0) : err(answer.error)
}

/** What is known of the steps; `isKnown` is false until each has been answered once. */
export interface SetupState {
  readonly isKnown: boolean
  readonly done: ReadonlySet<string>
}

/** Steps that were done once are not asked about again while the page is open. */
let doneOnce: ReadonlySet<string> = new Set()

/**
 * Asks about the steps that are left whenever `nowMs` changes, one round after the other: a server that is slow is not
 * asked again before it has answered. A question that fails leaves its step open.
 */
export function useSetupState(nowMs: number): SetupState {
  const [state, setState] = useState<SetupState>({ isKnown: doneOnce.size > 0, done: doneOnce })
  const abort = useRef<AbortController>(undefined)
  const isAsking = useRef(false)
  useEffect(() => {
    const own = new AbortController()
    abort.current = own
    isAsking.current = false
    return () => own.abort()
  }, [])
  useEffect(() => {
    const open = SETUP_STEPS.filter(({ id }) => !doneOnce.has(id))
    const signal = abort.current?.signal
    if (open.length === 0 || isAsking.current || signal === undefined) return
    isAsking.current = true
    void Promise.all(open.map((step) => step.isDone(nowMs, signal))).then((answers) => {
      if (signal.aborted) return
      isAsking.current = false
      const found = open.filter((_, i) => answers[i]?.ok === true && answers[i].value).map(({ id }) => id)
      doneOnce = new Set([...doneOnce, ...found])
      // Without any answer nobody knows whether the workspace is new.
      setState({ isKnown: answers.some(({ ok: isAnswer }) => isAnswer), done: doneOnce })
    })
  }, [nowMs])
  return state
}
