import { json, type Route } from '@vantage/api'
import { standardize } from '@vantage/decode/execution-log'
import { jsonFields } from '@vantage/decode/json-lines'
import { err, fault, ok } from '@vantage/model'
import type { Registry } from '@vantage/observe'

const RECEIVER = 'execution-log'

/** How entries of execution logs fare: one tried without storing it, and what became of those that came. */
export function executionLogRoutes(registry: Registry): Route[] {
  return [
    {
      methods: ['POST'],
      path: '/standardize/single',
      permission: 'logs:read',
      summary: 'What one entry of an execution log becomes; nothing is stored',
      parameters: [],
      faults: 'vantage',
      handle: async ({ json: body }) => {
        const members = jsonFields(JSON.stringify(body ?? null))
        if (members === undefined) return err(fault('bad_request', 'want one JSON object'))
        const found = standardize(members)
        if (typeof found === 'string') return err(fault('bad_request', found))
        const { company, source, fields } = found
        return ok(json({ company, source, ...fields }))
      },
    },
    {
      methods: ['GET'],
      path: '/status',
      permission: 'logs:read',
      summary: 'Entries of execution logs since the start',
      parameters: [],
      faults: 'vantage',
      handle: async () => {
        const received = total(registry, 'vantage_ingest_items_total')
        const processed = total(registry, 'vantage_acked_items_total')
        const counts = { received, processed, rejected: received - processed }
        return ok(json({ status: 'running', uptimeSeconds: Math.round(process.uptime()), ...counts }))
      },
    },
  ]
}

/** Of this door, all tenants. */
function total(registry: Registry, name: string): number {
  const samples = registry.collect().find((family) => family.name === name)?.samples ?? []
  const own = samples.filter(({ labels }) => labels[labels.indexOf('receiver') + 1] === RECEIVER)
  return own.reduce((sum, { value }) => sum + value, 0)
}
