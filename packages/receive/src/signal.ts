import type { Scope } from './auth.ts'

/** What a request brings. */
export type Signal = 'metrics' | 'logs' | 'traces'

/** What a credential must allow for it. */
export const WRITE_SCOPES: Readonly<Record<Signal, Scope>> = {
  metrics: 'metrics:write',
  logs: 'logs:write',
  traces: 'traces:write',
}
