import type { FoundTrace } from '@vantage/api/client'
import { withCondition } from './traceql.ts'

/** A part of the scatter: a time, and durations. */
export interface Region {
  readonly startMs: number
  readonly endMs: number
  readonly fromMs: number
  readonly toMs: number
}

/** Longer than anything: the last bucket of a histogram has no bound. */
export const LONGEST_MS = 1e9

/** `1700000000000-1700000060000,10-500` */
export function regionOf(text: string | null): Region | undefined {
  const [, start, end, from, to] = /^(\d+)-(\d+),(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)$/.exec(text ?? '') ?? []
  if (start === undefined || to === undefined) return undefined
  const region = { startMs: Number(start), endMs: Number(end), fromMs: Number(from), toMs: Number(to) }
  return region.endMs > region.startMs && region.toMs > region.fromMs ? region : undefined
}

export function regionText({ startMs, endMs, fromMs, toMs }: Region): string {
  const short = (ms: number) => String(Number(Math.max(0, ms).toPrecision(4)))
  return `${Math.floor(startMs)}-${Math.ceil(endMs)},${short(fromMs)}-${short(toMs)}`
}

export function startMsOf(trace: Pick<FoundTrace, 'startNs'>): number {
  return Number(trace.startNs / 1_000_000n)
}

export function isWithin(region: Region, atMs: number, tookMs: number): boolean {
  const { startMs, endMs, fromMs, toMs } = region
  return atMs >= startMs && atMs <= endMs && tookMs >= fromMs && tookMs <= toMs
}

/** The query of a region: traces that it found, of these durations. The server knows durations in full ms. */
export function regionQuery(query: string, { fromMs, toMs }: Region): string {
  const micros = (ms: number) => `${Math.max(0, Math.round(ms * 1_000))}us`
  return withCondition(
    query,
    `trace:duration >= ${micros(Math.floor(fromMs))} && trace:duration <= ${micros(Math.ceil(toMs + 1))}`,
  )
}

export const PICKS_MAX = 2

/** Traces that are picked to be compared, with one put in or taken out; the third takes the place of the first. */
export function withPick(picks: readonly string[], traceId: string): readonly string[] {
  return picks.includes(traceId) ? picks.filter((one) => one !== traceId) : [...picks, traceId].slice(-PICKS_MAX)
}
