import { formatDuration, keepRows, type LogBatch, type Refusal, type SpanBatch } from '@vantage/model'

/** How far a row's time may be from now (`limits.maxFuture`, `limits.maxPast`); undefined = as far as it likes. */
export interface TimeLimits {
  readonly maxFutureMs: number | undefined
  readonly maxPastMs: number | undefined
}

const NS_PER_MS = 1_000_000n
/** Times are two words of 32 bits, the lower one first. */
const WORD_NS = 2n ** 32n

/**
 * Refuses rows whose time is too far from now: of a log row its own time, else when it was observed; of a span its
 * start. Rows without a time get one later. Not for a replay, whose verdict says it.
 */
export function refuseByTime(batch: LogBatch | SpanBatch, limits: TimeLimits, nowMs: number): void {
  const nowNs = BigInt(Math.round(nowMs)) * NS_PER_MS
  const latestNs = limits.maxFutureMs === undefined ? undefined : nowNs + msToNs(limits.maxFutureMs)
  const earliestNs = limits.maxPastMs === undefined ? undefined : nowNs - msToNs(limits.maxPastMs)
  const { columns } = batch
  const all = 'times' in columns ? [columns.times, columns.observedTimes] : [columns.startTimes]
  if (!all.some((times) => mayBeOutside(times, columns.count, earliestNs, latestNs))) return
  const [first, second] = all as [BigInt64Array, BigInt64Array | undefined]
  const tooLate: bigint[] = []
  const tooEarly: bigint[] = []
  keepRows(batch, (row) => {
    const timeNs = first[row] || (second?.[row] ?? 0n)
    if (timeNs === 0n) return true
    const far = latestNs !== undefined && timeNs > latestNs ? tooLate : undefined
    const old = earliestNs !== undefined && timeNs < earliestNs ? tooEarly : undefined
    const found = far ?? old
    if (found === undefined) return true
    found.push(timeNs)
    batch.verdict.refuse(batch.rowItems[row] as number)
    return false
  })
  tell(batch.refused, 'too_far_in_future', tooLate, `ahead of now (limits.maxFuture: ${said(limits.maxFutureMs)})`)
  tell(batch.refused, 'too_old', tooEarly, `behind now (limits.maxPast: ${said(limits.maxPastMs)})`)
}

/** Fast path: most requests have no such row, and the upper words of times say so without a bigint for each. */
function mayBeOutside(
  times: BigInt64Array,
  count: number,
  earliestNs: bigint | undefined,
  latestNs: bigint | undefined,
): boolean {
  const words = new Int32Array(times.buffer, times.byteOffset, count * 2)
  const low = earliestNs === undefined ? Number.NEGATIVE_INFINITY : Number(earliestNs / WORD_NS)
  const high = latestNs === undefined ? Number.POSITIVE_INFINITY : Number(latestNs / WORD_NS)
  for (let i = 1; i < words.length; i += 2) {
    const word = words[i] as number
    // 0 is an absent time, or one within four seconds of 1970.
    if (word >= high || (word <= low && (word !== 0 || words[i - 1] !== 0))) return true
  }
  return false
}

function tell(refused: Refusal[], reason: Refusal['reason'], times: readonly bigint[], where: string): void {
  const [timeNs] = times
  if (timeNs === undefined) return
  const shown = new Date(Number(timeNs / NS_PER_MS))
  const text = Number.isNaN(shown.getTime()) ? `${timeNs} ns` : shown.toISOString()
  refused.push({ reason, count: times.length, message: `time: want one that is not too far ${where}, got ${text}` })
}

function said(durationMs: number | undefined): string {
  return durationMs === undefined ? 'off' : formatDuration(durationMs)
}

function msToNs(ms: number): bigint {
  return BigInt(Math.round(ms)) * NS_PER_MS
}
