/** How much of the past a live series keeps for scrubbing, ms. */
export const LIVE_KEEP_MS = 5 * 60_000
/** Samples that one series starts with room for; at 10 Hz a minute. */
export const RING_SAMPLES_START = 1024
/** Samples that one series may grow to: five minutes at 60 Hz, and the power of two above. */
export const RING_SAMPLES_MAX = 32_768
/** Series of one chart; further ones are counted and named, not drawn. */
export const STRIP_SERIES_MAX = 10
/** Losses that a chart remembers for hatching. */
export const STRIP_GAPS_MAX = 32
