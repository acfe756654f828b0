import type { Route } from '@vantage/api'
import { REMOTE_READ_TYPE, readReadRequest } from '@vantage/decode/remote-read'
import { ok } from '@vantage/model'
import type { QueryPool } from '../query/query-pool.ts'

/** Prometheus remote read, sampled. @param ask of the pool that answers queries */
export function remoteReadRoute(prefix: string, ask: QueryPool['ask'], regexCharsMax: number): Route {
  return {
    methods: ['POST'],
    path: `${prefix}/api/v1/read`,
    permission: 'metrics:read',
    summary: 'Remote read: a ReadRequest in snappy, answered by samples',
    parameters: [],
    faults: 'prometheus',
    handle: async ({ bytes, tenant, signal }) => {
      const scans = readReadRequest(bytes ?? new Uint8Array(0), regexCharsMax)
      if (!scans.ok) return scans
      const answer = await ask(tenant, { kind: 'remote-read', scans: scans.value }, { signal, timeoutMs: undefined })
      if (!answer.ok) return answer
      return ok({ contentType: REMOTE_READ_TYPE, contentEncoding: 'snappy', body: answer.value })
    },
  }
}
