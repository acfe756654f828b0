import type { TenantId } from '@vantage/model'
import { readDashboard } from '@vantage/model/dashboards'
import { expect, test } from 'vitest'
import { dashboardRoutes } from './routes.ts'

const read = readDashboard({ version: 1, id: 'mine', title: 'Mine', tags: ['a'], panels: [] })
if (!read.ok) throw new Error(read.error.message)
const found = {
  dashboards: [{ document: read.value, file: 'mine.json', isBuiltIn: false }],
  refused: [{ file: 'bad.json', message: 'version: want 1, got none' }],
}
const routes = dashboardRoutes({ find: async () => found })

async function ask(place: number, id = '') {
  const answer = await routes[place]?.handle({
    tenant: 't' as TenantId,
    params: new URLSearchParams(),
    path: { id },
    signal: new AbortController().signal,
  })
  return answer?.ok ? JSON.parse(String(answer.value.body)) : answer?.error
}

test('dashboards are listed with the files that hold none, and each is its document', async () => {
  expect(await ask(0)).toEqual({
    dashboards: [{ id: 'mine', title: 'Mine', description: '', tags: ['a'], panels: 0, isBuiltIn: false }],
    refused: found.refused,
  })
  expect(await ask(1, 'mine')).toEqual(read.value)
  expect(await ask(1, 'theirs')).toEqual({ code: 'not_found', message: 'no dashboard "theirs"' })
})
