/** Set: test, 5 s. Execution logs of integration jobs: in by their paths, standardized, found, added up. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type TestServer } from '../support/server.ts'

/** Sources whose entries need nothing of their own. */
const SOURCES = ['EasyProjects', 'Efficy', 'PowerBI', 'SharePoint', 'Zoho']
/** What comes with the product: runs, failed ones, one with memory below zero. */
const SAMPLE = { runs: 20, failed: 2, dataQualityProblems: 1 }

let server: TestServer
beforeAll(async () => {
  server = await startServer({ env: { VANTAGE_SELF_ENABLED: 'false' } })
})
afterAll(async () => {
  await server.stop()
})

async function ask(path: string, init: RequestInit = {}): Promise<Record<string, unknown>> {
  const answer = await fetch(`${server.url}${path}`, init)
  expect([path, answer.status]).toEqual([path, 200])
  return (await answer.json()) as Record<string, unknown>
}

function post(path: string, body: unknown): Promise<Response> {
  const headers = { 'content-type': 'application/json' }
  return fetch(`${server.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
}

function entry(change: object = {}): object {
  return {
    No_Sequence: '2026-11-20-10-00',
    Entreprise: 'Contoso',
    Zone: '1-Raw',
    Source: 'Efficy',
    Objet_Id: 7,
    Objet: 'Opportunities',
    Etat: 'SUCCESS',
    Debut: '20-11-2026 10:00:00.000000',
    Fin: '20-11-2026 10:00:30.000000',
    'cpu_time (sec)': '15',
    ...change,
  }
}

test('the entries that come with the product are taken by GET and by POST', async () => {
  const taken = { status: 'success', accepted: SAMPLE.runs, rejected: 0, reasons: [] }
  expect(await ask('/ingest/trigger')).toEqual(taken)
  expect(await ask('/ingest/trigger', { method: 'POST' })).toEqual(taken)
  expect((await fetch(`${server.url}/ingest/trigger`, { method: 'DELETE' })).status).toBe(405)
})

test('runs are added up: success, throughput, utilisation, efficiency, of each source and of all', async () => {
  const twice = {
    runs: 2 * SAMPLE.runs,
    failed: 2 * SAMPLE.failed,
    dataQualityProblems: 2 * SAMPLE.dataQualityProblems,
  }
  const summary = await ask('/analytics/summary')
  expect(summary).toMatchObject({ sources: SOURCES.length, successRate: 90, ...twice })
  const { sources } = (await ask('/analytics/sources')) as { sources: Record<string, number>[] }
  expect(sources.map(({ source }) => source)).toEqual(SOURCES)
  const easy = sources[0] as Record<string, number>
  expect(easy).toMatchObject({ runs: 8, succeeded: 8, failed: 0, successRate: 100, dataQualityProblems: 2 })
  // Seconds of the four runs of the sample, and half of them at work.
  const seconds = (8.125 + 8.694 + 9.263 + 9.831) / 4
  expect(easy['durationSeconds']).toBeCloseTo(seconds, 3)
  expect(easy['throughputPerMinute']).toBeCloseTo(60 / seconds, 3)
  expect(easy['resourceUtilisation']).toBeCloseTo(0.5, 2)
  expect(easy['efficiency']).toBeCloseTo(50, 1)
  // The run with memory below zero is in no mean.
  expect(easy['memoryBytes']).toBeCloseTo((12_582_912 + 14_680_064 + 15_728_640) / 3, 0)
  const zoho = sources.at(-1) as Record<string, number>
  expect(zoho).toMatchObject({ runs: 8, succeeded: 6, failed: 2, successRate: 75 })
})

test('one entry, and a file of them, of which bad ones are named', async () => {
  const single = await post('/ingest/single', entry())
  expect(await single.json()).toEqual({ status: 'success', accepted: 1, rejected: 0, reasons: [] })
  const file = await post('/ingest/file', [entry({ Objet_Id: 8 }), entry({ Debut: 'soon' }), entry({ Objet_Id: 9 })])
  expect(file.status).toBe(200)
  expect(await file.json()).toEqual({
    status: 'success',
    accepted: 2,
    rejected: 1,
    reasons: ['object 2: Debut: want dd-mm-yyyy HH:MM:SS or RFC 3339, got "soon"'],
  })
  const bad = await post('/ingest/single', { Source: 'Zoho' })
  expect([bad.status, await bad.json()]).toEqual([
    422,
    { status: 'error', accepted: 0, rejected: 1, reasons: ['object 1: Entreprise: want a value, got none'] },
  ])
  expect((await post('/ingest/file', 'no entries')).status).toBe(400)
})

test('the newest runs come first, each with its key, and are rows of LogQL', async () => {
  const { count, runs } = (await ask('/analytics/recent?limit=3')) as { count: number; runs: Record<string, string>[] }
  expect(count).toBe(3)
  expect(runs.map((run) => run['entry_key']).sort()).toEqual([7, 8, 9].map((id) => `Contoso|2026-11-20-10-00|${id}`))
  expect(runs[0]).toMatchObject({ source: 'Efficy', company: 'Contoso', status: 'success', efficiency: '50' })
  expect((await ask('/analytics/recent'))['count']).toBe(10)
  const query = '{log_type="execution", company="Contoso"} | object_id="8"'
  const found = await ask(`/loki/api/v1/query_range?${new URLSearchParams({ query, since: '1000h' })}`)
  expect(JSON.stringify(found)).toContain('20-11-2026 10:00:30.000000')
})

test('runs that stand out are found by rules', async () => {
  const strange = [
    entry({ Objet_Id: 20, Fin: '20-11-2026 11:00:01', 'cpu_time (sec)': '3000' }),
    entry({ Objet_Id: 21, 'memory_used (bytes)': 104_857_601 }),
    entry({ Objet_Id: 22, 'memory_used (bytes)': -1 }),
    entry({ Objet_Id: 23, 'cpu_time (sec)': '5' }),
    entry({ Objet_Id: 24, Etat: 'FAILED', 'cpu_time (sec)': undefined }),
    // None of these is beyond its bound.
    entry({ Objet_Id: 25, Fin: '20-11-2026 11:00:00', 'cpu_time (sec)': '3000' }),
    entry({ Objet_Id: 26, 'memory_used (bytes)': 104_857_600, 'cpu_time (sec)': '6' }),
  ].map((one) => ({ ...one, Entreprise: 'Strange' }))
  expect((await post('/ingest/file', strange)).status).toBe(200)
  type Found = { anomalies: { rules: string[]; company: string; object_id: string }[] }
  const { anomalies } = (await ask('/analytics/anomalies?limit=1000')) as unknown as Found
  const own = anomalies.filter(({ company }) => company === 'Strange')
  expect(own.map(({ object_id: id, rules }) => [id, ...rules]).sort()).toEqual([
    ['20', 'long_execution'],
    ['21', 'high_memory'],
    ['22', 'data_quality'],
    ['23', 'low_efficiency'],
    ['24', 'execution_failure'],
  ])
  const fromSample = anomalies.filter(({ company }) => company === 'Northwind')
  expect(fromSample.filter(({ rules }) => rules.includes('execution_failure'))).toHaveLength(2 * SAMPLE.failed)
})

test('an entry is tried without being stored', async () => {
  const before = await ask('/status')
  const tried = await (await post('/standardize/single', entry({ Etat: 'FAILED' }))).json()
  expect(tried).toMatchObject({ source: 'Efficy', status: 'failed', start: '2026-11-20T10:00:00.000000Z' })
  const wrong = await post('/standardize/single', entry({ 'cpu_time (sec)': 'x' }))
  expect([wrong.status, await wrong.text()]).toEqual([400, expect.stringContaining('cpu_time (sec): want a number')])
  const { uptimeSeconds: _before, ...counts } = before
  const { uptimeSeconds: _after, ...after } = await ask('/status')
  expect(after).toEqual(counts)
})

test('what came and what was refused is told, in words and as metrics', async () => {
  const accepted = 2 * SAMPLE.runs + 1 + 2 + 7
  expect(await ask('/status')).toMatchObject({
    status: 'running',
    processed: accepted,
    received: accepted + 2,
    rejected: 2,
  })
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  expect(metrics).toMatch(
    new RegExp(`^vantage_acked_items_total\\{[^}]*receiver="execution-log"[^}]*\\} ${accepted}$`, 'm'),
  )
  expect(metrics).toMatch(/^vantage_ingest_duration_seconds_count\{receiver="execution-log"\} \d+$/m)
})
