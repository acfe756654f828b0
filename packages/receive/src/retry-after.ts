import { type Fault, STATUS } from '@vantage/model'

/** Where a retryable fault names no time. */
const RETRY_DEFAULT_SECONDS = 5
/** Clients that were refused together must not come back together. */
const JITTER = 0.2

/**
 * The fault as it leaves: retryable ones get whole seconds with ±20 % jitter, the others none.
 * @param random in [0, 1)
 */
export function withRetryAfter<F extends Fault>(fault: F, random: () => number): F {
  const { retryAfterSeconds, ...rest } = fault
  if (!STATUS[fault.code].retry) return rest as F
  const seconds = (retryAfterSeconds ?? RETRY_DEFAULT_SECONDS) * (1 - JITTER + 2 * JITTER * random())
  return { ...fault, retryAfterSeconds: Math.max(1, Math.round(seconds)) }
}
