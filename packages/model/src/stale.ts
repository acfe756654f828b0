/**
 * The staleness marker of Prometheus: the quiet-looking NaN with the bits 7ff00000 00000002.
 * It is told from other NaNs by its two halves, because arithmetic and copies through
 * plain arrays may change NaN bits. Source: prometheus/prometheus model/value/value.go.
 */
export const STALE_HIGH = 0x7ff00000
export const STALE_LOW = 0x00000002

const scratch = new Float64Array(1)
const scratchHalves = new Uint32Array(scratch.buffer)

/** A fresh view with the marker's bits at `values[at]`; little-endian hosts only, asserted at start. */
export function writeStale(halves: Uint32Array, at: number): void {
  halves[at * 2] = STALE_LOW
  halves[at * 2 + 1] = STALE_HIGH
}

/** True where `halves` (the same memory as the values, as Uint32Array) holds the marker at `at`. */
export function isStaleAt(halves: Uint32Array, at: number): boolean {
  return halves[at * 2] === STALE_LOW && halves[at * 2 + 1] === STALE_HIGH
}

/** The marker as a number: keep it inside Float64Array only. */
export function staleNaN(): number {
  writeStale(scratchHalves, 0)
  return scratch[0] as number
}
