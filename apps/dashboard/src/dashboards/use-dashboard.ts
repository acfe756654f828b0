import type { ClientFault } from '@vantage/api/client'
import { err, ok, type Result } from '@vantage/model'
import { type Dashboard, readDashboard } from '@vantage/model/dashboards'
import { client } from '../app/client.ts'
import { type Asked, useAsked } from '../explore/use-asked.ts'

/** The document of a dashboard. What the server sends is read as strictly as what people write. */
export function useDashboard(id: string): Asked<Dashboard> {
  return useAsked(id, (signal) => askDashboard(id, signal))
}

async function askDashboard(id: string, signal: AbortSignal): Promise<Result<Dashboard, ClientFault>> {
  const answer = await client.dashboard(id, signal)
  if (!answer.ok) return answer
  const read = readDashboard(answer.value)
  if (read.ok) return ok(read.value)
  return err({ ...read.error, status: 200, errorType: undefined, requestId: undefined })
}
