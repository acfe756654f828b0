import { err, fault, foreign, ok } from '@vantage/model'
import { json, type Parameter, type Route } from '../route.ts'
import type { Provisioned } from './provisioned.ts'

const PATH = '/api/vantage/v1/dashboards'
const ID: Parameter = { name: 'id', in: 'path', required: true, description: 'of a dashboard', type: 'string' }

/** Dashboards as a list, and each as the document that draws it. */
export function dashboardRoutes(provisioned: Provisioned): Route[] {
  return [
    {
      methods: ['GET'],
      path: PATH,
      permission: 'metrics:read',
      summary: 'Dashboards by title, and files that hold none, with the reason',
      parameters: [],
      faults: 'vantage',
      handle: async () => {
        const { dashboards, refused } = await provisioned.find()
        const rows = dashboards.map(({ document: { id, title, description, tags, panels }, isBuiltIn }) => {
          return { id, title, description, tags, panels: panels.length, isBuiltIn }
        })
        return ok(json({ dashboards: rows, refused }))
      },
    },
    {
      methods: ['GET'],
      path: `${PATH}/:id`,
      permission: 'metrics:read',
      summary: 'The document of a dashboard: its grid, variables and panels',
      parameters: [ID],
      faults: 'vantage',
      handle: async ({ path }) => {
        const id = path['id'] ?? ''
        const { dashboards } = await provisioned.find()
        const found = dashboards.find(({ document }) => document.id === id)
        if (found !== undefined) return ok(json(found.document))
        return err(fault('not_found', `no dashboard ${JSON.stringify(foreign(id))}`))
      },
    },
  ]
}
