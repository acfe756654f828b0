import { type Fault, fault } from '@vantage/model'

/** Why a query of the pool ends without an answer of its own. */
export function cancelled(): Fault {
  return fault('cancelled', 'query: the caller went away')
}

export function draining(): Fault {
  return fault('unavailable', 'query: the server is draining', { reason: 'draining', retryAfterSeconds: 1 })
}

export function timedOut(timeoutMs: number): Fault {
  return fault('timeout', `query timed out: want at most ${timeoutMs} ms (query.timeout)`, { limit: 'query.timeout' })
}
