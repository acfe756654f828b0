import { FaultError, fault } from '@vantage/model'
import type { TraceqlLimits } from '../limits.ts'

/** Intervals of a metrics query: the i-th is (startNs + i · stepNs, startNs + (i + 1) · stepNs], named by its end. */
export interface SpanGrid {
  readonly startNs: bigint
  readonly stepNs: bigint
  readonly steps: number
}

/**
 * Intervals that cover [startNs, endNs], both ends moved outwards to multiples of the step; without a step, one interval
 * of the whole range.
 * @throws FaultError beyond `query.maxPoints`
 * Source: grafana/tempo docs/sources/tempo/api_docs, "TraceQL Metrics".
 */
export function spanGrid(startNs: bigint, endNs: bigint, stepNs: bigint | undefined, limits: TraceqlLimits): SpanGrid {
  if (endNs <= startNs) throw new FaultError(fault('bad_request', 'metrics query: want a start before the end'))
  if (stepNs === undefined) return { startNs, stepNs: endNs - startNs, steps: 1 }
  if (stepNs <= 0n) throw new FaultError(fault('bad_request', 'metrics query: want a step above zero'))
  const first = (startNs / stepNs) * stepNs
  const last = ((endNs + stepNs - 1n) / stepNs) * stepNs
  const steps = Number((last - first) / stepNs)
  if (steps <= limits.pointsMax) return { startNs: first, stepNs, steps }
  const message = `metrics query: want at most ${limits.pointsMax} steps (query.maxPoints), got ${steps}`
  throw new FaultError(fault('bad_request', message, { limit: 'query.maxPoints' }))
}

/** Unix ms by which an interval is named. */
export function stepTimeMs({ startNs, stepNs }: SpanGrid, step: number): number {
  return Number((startNs + BigInt(step + 1) * stepNs) / 1_000_000n)
}

const WORD = 2 ** 32

/** Tells the interval of times that stand in a 64-bit column, without an integer object for each row. */
export class StepFinder {
  readonly #grid: SpanGrid
  readonly #startLow: number
  readonly #startHigh: number
  readonly #stepNs: number
  #words: Uint32Array = new Uint32Array(0)
  #high: Int32Array = new Int32Array(0)

  constructor(grid: SpanGrid) {
    this.#grid = grid
    this.#startLow = Number(BigInt.asUintN(32, grid.startNs))
    this.#startHigh = Number(grid.startNs >> 32n)
    this.#stepNs = Number(grid.stepNs)
  }

  /** Little-endian, as every platform that Node runs on. */
  use(times: BigInt64Array): void {
    this.#words = new Uint32Array(times.buffer, times.byteOffset, times.length * 2)
    this.#high = new Int32Array(times.buffer, times.byteOffset, times.length * 2)
  }

  /** @returns the interval of a row of the column in use, or −1 outside the grid. Exact within 104 days of the start. */
  stepOf(row: number): number {
    const high = (this.#high[row * 2 + 1] as number) - this.#startHigh
    const offsetNs = high * WORD + ((this.#words[row * 2] as number) - this.#startLow)
    const step = Math.ceil(offsetNs / this.#stepNs) - 1
    return step >= 0 && step < this.#grid.steps ? step : -1
  }
}
