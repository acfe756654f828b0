import type { Route } from '@vantage/api'
import {
  HISTOGRAMS_ARE_SAMPLED,
  type ReadForm,
  readReadRequest,
  SAMPLED_READ_TYPE,
  STREAMED_READ_TYPE,
} from '@vantage/decode/remote-read'
import { ok } from '@vantage/model'
import type { QueryPool } from '../query/query-pool.ts'

/** Prometheus remote read, sampled or streamed. @param ask of the pool that answers queries */
export function remoteReadRoute(prefix: string, ask: QueryPool['ask'], regexCharsMax: number): Route {
  return {
    methods: ['POST'],
    path: `${prefix}/api/v1/read`,
    permission: 'metrics:read',
    summary: 'Remote read: a ReadRequest in snappy, answered by samples or by streamed XOR chunks',
    parameters: [],
    faults: 'prometheus',
    handle: async ({ bytes, tenant, signal }) => {
      const request = readReadRequest(bytes ?? new Uint8Array(0), regexCharsMax)
      if (!request.ok) return request
      const { scans, forms } = request.value
      let form = forms[0] as ReadForm
      const options = { signal, timeoutMs: undefined }
      let answer = await ask(tenant, { kind: 'remote-read', scans, form }, options)
      if (!answer.ok && answer.error.reason === HISTOGRAMS_ARE_SAMPLED && forms.includes('sampled')) {
        form = 'sampled'
        answer = await ask(tenant, { kind: 'remote-read', scans, form }, options)
      }
      if (!answer.ok) return answer
      if (form === 'streamed') return ok({ contentType: STREAMED_READ_TYPE, body: answer.value })
      return ok({ contentType: SAMPLED_READ_TYPE, contentEncoding: 'snappy', body: answer.value })
    },
  }
}
