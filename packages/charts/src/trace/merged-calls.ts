import type { SpanTree } from './span-tree.ts'

/** Calls of one operation on the same way from the root, as one. */
export interface MergedCall {
  readonly service: string
  readonly name: string
  /** 0 = without a parent. */
  readonly depth: number
  readonly parent: MergedCall | undefined
  /** Those with most work first. */
  readonly children: readonly MergedCall[]
  readonly count: number
  readonly errors: number
  /** Of all calls together; calls that ran at once count each. */
  readonly totalMs: number
  /** Time in which none of their children ran. */
  readonly selfMs: number
  /** Their own time and that of all below: what widths stand for. */
  readonly workMs: number
  /** A place of one of the calls, the longest. */
  readonly longest: number
}

interface Growing extends MergedCall {
  children: Growing[]
  parent: Growing | undefined
  count: number
  errors: number
  totalMs: number
  selfMs: number
  workMs: number
  longest: number
}

/** Merges spans of the same way: the flame graph of a trace. @returns those without a parent */
export function mergedCalls(tree: SpanTree): MergedCall[] {
  const { columns, order, selfMs } = tree
  const { services, names, serviceOf, nameOf, parents, durationMs, isError } = columns
  const top: Growing[] = []
  const known = new Map<Growing | undefined, Map<string, Growing>>()
  const callOf: Growing[] = []
  const all: Growing[] = []
  for (const place of order) {
    const parent = (parents[place] as number) < 0 ? undefined : callOf[parents[place] as number]
    const service = services[serviceOf[place] as number] ?? ''
    const name = names[nameOf[place] as number] ?? ''
    const own = known.get(parent) ?? new Map<string, Growing>()
    known.set(parent, own)
    const key = callKey(service, name)
    let call = own.get(key)
    if (call === undefined) {
      call = emptyCall(service, name, parent, place)
      own.set(key, call)
      all.push(call)
      ;(parent?.children ?? top).push(call)
    }
    callOf[place] = call
    const tookMs = durationMs[place] as number
    if (tookMs > (durationMs[call.longest] as number)) call.longest = place
    call.count += 1
    call.errors += isError[place] as number
    call.totalMs += tookMs
    call.selfMs += selfMs[place] as number
  }
  for (let i = all.length - 1; i >= 0; i--) {
    const call = all[i] as Growing
    call.workMs += call.selfMs
    if (call.parent !== undefined) call.parent.workMs += call.workMs
    call.children.sort(byWork)
  }
  return top.sort(byWork)
}

/** What two calls share when they are of one operation. */
export function callKey(service: string, name: string): string {
  return `${service}\u0000${name}`
}

function byWork(a: MergedCall, b: MergedCall): number {
  return b.workMs - a.workMs || (a.name < b.name ? -1 : 1)
}

function emptyCall(service: string, name: string, parent: Growing | undefined, longest: number): Growing {
  const depth = parent === undefined ? 0 : parent.depth + 1
  const sums = { count: 0, errors: 0, totalMs: 0, selfMs: 0, workMs: 0 }
  return { service, name, depth, parent, children: [], longest, ...sums }
}

/** One operation of a trace, wherever it was called. */
export interface OperationSums {
  readonly service: string
  readonly name: string
  readonly count: number
  readonly errors: number
  readonly totalMs: number
  readonly selfMs: number
  readonly maxMs: number
  /** Of the critical path. */
  readonly criticalMs: number
  /** Place of the longest. */
  readonly longest: number
}

/** Spans by service and name, those with most time of their own first. */
export function operationsOf({ columns, selfMs }: SpanTree, criticalMs: Float64Array): OperationSums[] {
  const { count, services, names, serviceOf, nameOf, durationMs, isError } = columns
  const byKey = new Map<string, { -readonly [K in keyof OperationSums]: OperationSums[K] }>()
  for (let place = 0; place < count; place++) {
    const service = services[serviceOf[place] as number] ?? ''
    const name = names[nameOf[place] as number] ?? ''
    const key = callKey(service, name)
    let sums = byKey.get(key)
    if (sums === undefined) {
      const zeros = { count: 0, errors: 0, totalMs: 0, selfMs: 0, maxMs: -1, criticalMs: 0 }
      sums = { service, name, longest: place, ...zeros }
      byKey.set(key, sums)
    }
    const tookMs = durationMs[place] as number
    if (tookMs > sums.maxMs) {
      sums.maxMs = tookMs
      sums.longest = place
    }
    sums.count += 1
    sums.errors += isError[place] as number
    sums.totalMs += tookMs
    sums.selfMs += selfMs[place] as number
    sums.criticalMs += criticalMs[place] as number
  }
  return [...byKey.values()].sort((a, b) => b.selfMs - a.selfMs || (a.name < b.name ? -1 : 1))
}
