import type { SpanTree } from './span-tree.ts'

/** What a service did in a trace. */
export interface TraceService {
  readonly name: string
  readonly spans: number
  readonly errors: number
  /** Time in which none of its calls ran. */
  readonly selfMs: number
}

/** How often one service called another in a trace, and how long that took. */
export interface TraceCalls {
  readonly from: string
  readonly to: string
  readonly calls: number
  readonly errors: number
  readonly totalMs: number
  readonly maxMs: number
  /** Place of the longest. */
  readonly longest: number
}

/** Who called whom in a trace: a call is a span whose parent is another service's. The most time first. */
export function serviceCalls(tree: SpanTree): {
  readonly services: readonly TraceService[]
  readonly calls: readonly TraceCalls[]
} {
  const { columns, selfMs } = tree
  const { serviceOf, parents, isError, durationMs, services: names, count } = columns
  const services = names.map((name) => ({ name, spans: 0, errors: 0, selfMs: 0 }))
  const calls = new Map<number, { -readonly [key in keyof TraceCalls]: TraceCalls[key] }>()
  for (let place = 0; place < count; place++) {
    const to = serviceOf[place] as number
    const own = services[to]
    if (own === undefined) continue
    own.spans++
    own.errors += isError[place] as number
    own.selfMs += selfMs[place] as number
    const parent = parents[place] as number
    const from = parent < 0 ? to : (serviceOf[parent] as number)
    if (from === to) continue
    const key = from * names.length + to
    let call = calls.get(key)
    if (call === undefined) {
      const [a, b] = [names[from] ?? '', names[to] ?? '']
      call = { from: a, to: b, calls: 0, errors: 0, totalMs: 0, maxMs: -1, longest: place }
      calls.set(key, call)
    }
    const tookMs = durationMs[place] as number
    call.calls++
    call.errors += isError[place] as number
    call.totalMs += tookMs
    if (tookMs > call.maxMs) {
      call.maxMs = tookMs
      call.longest = place
    }
  }
  return {
    services: services.filter(({ spans }) => spans > 0).sort((a, b) => b.selfMs - a.selfMs),
    calls: [...calls.values()].sort((a, b) => b.totalMs - a.totalMs),
  }
}
