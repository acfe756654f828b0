import { type Fault, fault } from '@vantage/model'
import type { Phase } from '@vantage/receive'

/** What questions are answered with while the server is not ready; undefined when it is. */
export function unreadyFault(phase: Phase): Fault | undefined {
  if (phase === 'ready') return undefined
  return fault('unavailable', `the server is ${phase}`, {
    reason: phase,
    retryAfterSeconds: phase === 'draining' ? 1 : 5,
  })
}
