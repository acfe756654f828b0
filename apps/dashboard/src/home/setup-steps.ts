import type { ClientFault } from '@vantage/api/client'
import { err, ok, type Result } from '@vantage/model'
import { useEffect, useRef, useState } from 'react'
import { client } from '../app/client.ts'
import { hasSentMetrics } from '../app/foreign-data.ts'

const DAY_MS = 86_400_000
/** How far back rows are looked for. */
const LOOK_BACK_MS = 7 * DAY_MS

type Known = Promise<Result<boolean, ClientFault>>

export type SetupSignal = 'traces' | 'logs' | 'metrics' | 'changes'

interface SetupStep {
  readonly title: string
  readonly why: string
  /** Said where the server has none. */
  readonly never: string
  /** Whether the server has any. */
  readonly isDone: (endMs: number, signal: AbortSignal) => Known
}

export const SETUP_STEPS: Readonly<Record<SetupSignal, SetupStep>> = {
  traces: {
    title: 'Send traces',
    why: 'Services, their requests, errors and latencies are counted from spans.',
    never: 'No span has arrived in the last seven days.',
    isDone: async (endMs, signal) => some(await client.searchTraces('{}', endMs - LOOK_BACK_MS, endMs, 1, signal)),
  },
  logs: {
    title: 'Send logs',
    why: 'Lines stand beside the requests that wrote them.',
    never: 'No line has arrived in the last seven days.',
    isDone: async (endMs, signal) => {
      const query = '{service_name=~".+",event=""}'
      return some(await client.logLines({ query, startMs: endMs - LOOK_BACK_MS, endMs }, 1, signal))
    },
  },
  metrics: {
    title: 'Send metrics',
    why: 'Of applications, hosts, queues: Prometheus or OpenTelemetry.',
    never: 'No metric has arrived yet.',
    isDone: (_, signal) => hasSentMetrics(signal),
  },
  changes: {
    title: 'Tell about deploys',
    why: 'A new service.version is seen by itself; other changes can be posted.',
    never: 'No change has been told of in the last seven days.',
    isDone: async (endMs, signal) =>
      some(await client.events({ startMs: endMs - LOOK_BACK_MS, endMs }, undefined, 1, signal)),
  },
}

export const SETUP_SIGNALS = Object.keys(SETUP_STEPS) as SetupSignal[]

function some(answer: Result<readonly unknown[], ClientFault>): Result<boolean, ClientFault> {
  return answer.ok ? ok(answer.value.length > 0) : err(answer.error)
}

/** What is known of the steps; `isKnown` is false until each has been answered once. */
export interface SetupState {
  readonly isKnown: boolean
  readonly done: ReadonlySet<SetupSignal>
}

/** Steps that were done once are not asked about again while the page is open. */
let doneOnce: ReadonlySet<SetupSignal> = new Set()

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
    const open = SETUP_SIGNALS.filter((one) => !doneOnce.has(one))
    const signal = abort.current?.signal
    if (open.length === 0 || isAsking.current || signal === undefined) return
    isAsking.current = true
    void Promise.all(open.map((one) => SETUP_STEPS[one].isDone(nowMs, signal))).then((answers) => {
      if (signal.aborted) return
      isAsking.current = false
      const found = open.filter((_, i) => answers[i]?.ok === true && answers[i].value)
      doneOnce = new Set([...doneOnce, ...found])
      // Without any answer nobody knows whether the workspace is new.
      setState({ isKnown: answers.some(({ ok: isAnswer }) => isAnswer), done: doneOnce })
    })
  }, [nowMs])
  return state
}
