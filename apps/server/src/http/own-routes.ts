import type { Route } from '@vantage/api'
import { ok } from '@vantage/model'
import { exposition, type Registry } from '@vantage/observe'
import type { RecentRequests } from '@vantage/receive'
import type { ColumnStore } from '@vantage/store/columns'
import type { MetricStore } from '@vantage/store/metrics'
import { executionLogRoutes } from '../execution-log/routes.ts'

/** Rows of each list of the intake view. */
const RECENT_ROWS_MAX = 50

export interface OwnRouteDeps {
  readonly registry: Registry
  readonly recent: RecentRequests
  readonly store: () => MetricStore | undefined
  /** Of logs and spans. */
  readonly columns: () => ColumnStore | undefined
  /** Reasons why the server is not ready; empty = ready. */
  readonly unready: () => readonly string[]
  readonly warnings: () => readonly string[]
}

function answer(status: number, value: unknown) {
  return ok({ status, contentType: 'application/json', body: JSON.stringify(value) })
}

/** Health, own metrics, the recent intake and administration: what belongs to no other product's API. */
export function ownRoutes(deps: OwnRouteDeps): Route[] {
  const get = (path: string, summary: string, permission: Route['permission'], handle: Route['handle']): Route => ({
    methods: ['GET'],
    path,
    permission,
    summary,
    parameters: [],
    faults: 'vantage',
    handle,
  })
  const ready: Route['handle'] = async () => {
    const reasons = deps.unready()
    const state = reasons.length === 0 ? 'ready' : 'not ready'
    return answer(reasons.length === 0 ? 200 : 503, { status: state, reasons, warnings: deps.warnings() })
  }
  return [
    ...executionLogRoutes(deps.registry),
    get('/-/healthy', 'Alive', 'public', async () =>
      ok({ contentType: 'text/plain; charset=utf-8', body: 'Vantage is healthy.\n' }),
    ),
    get('/-/ready', 'Ready to serve, or why not', 'public', ready),
    get('/health', 'Ready to serve, or why not', 'public', ready),
    get('/metrics', 'Own metrics: Prometheus text format or OpenMetrics', 'metrics:read', async ({ accept }) => {
      const { contentType, text } = exposition(deps.registry.collect(), accept)
      return ok({ contentType, body: text })
    }),
    get('/api/vantage/v1/intake/recent', 'What came in lately, and what was refused', 'metrics:read', async () =>
      answer(200, recentIntake(deps.recent)),
    ),
    {
      methods: ['POST'],
      path: '/api/vantage/v1/admin/seal',
      permission: 'admin',
      summary: 'Write what is in memory into parts and files now',
      parameters: [],
      faults: 'vantage',
      handle: async () => {
        await Promise.all([deps.store()?.seal(), deps.columns()?.seal()])
        return answer(200, { parts: deps.store()?.stats().parts ?? 0, files: deps.columns()?.files().length ?? 0 })
      },
    },
  ]
}

function recentIntake(recent: RecentRequests): unknown {
  const all = recent.list().filter((one) => one.receiver !== 'self' && one.receiver !== 'spans')
  const accepted = all.filter((one) => one.code === 'ok' || one.code === 'partial')
  const refused = all.filter((one) => one.code !== 'ok')
  return {
    accepted: accepted
      .slice(0, RECENT_ROWS_MAX)
      .map(({ signal, receiver, atMs, items }) => ({ signal, receiver, atMs, items })),
    refused: refused.slice(0, RECENT_ROWS_MAX).map(({ signal, receiver, atMs, code, message, refused: count }) => ({
      signal,
      receiver,
      atMs,
      code,
      message,
      count,
    })),
  }
}
