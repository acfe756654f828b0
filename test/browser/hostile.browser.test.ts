/** Set: test, 20 s. Text that means harm stays text, and within the page, on every screen. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DESKTOP, hasChromium, PHONE, post, type Stand, startStand } from './support/dashboard.ts'

/** Elements, a terminal's colours, a bell, letters that turn the direction, and more letters than a line holds. */
const EVIL = `<img src=x onerror="evil=1"><script>evil=2</script>\u001b[31mred\u001b[0m\u0007 \u202ekcab\u202c =1+1 ${'long'.repeat(100)}`
const TRACE_ID = `${'e'.repeat(31)}1`
const SPAN_ID = `${'e'.repeat(15)}1`
const RANGE = 'from=now-15m&to=now&live=0'
const evil = encodeURIComponent(EVIL)
const STEP_MS = 15_000
const STEPS = 40

let stand: Stand
let folder: string
const dialogs: string[] = []

beforeAll(async () => {
  if (!hasChromium) return
  folder = await mkdtemp(join(tmpdir(), 'vantage-hostile-'))
  await writeFile(join(folder, 'evil.json'), JSON.stringify(BOARD))
  stand = await startStand({ VANTAGE_SELF_ENABLED: 'false', VANTAGE_DASHBOARDS_DIRECTORY: folder })
  await Promise.all([sendFigures(), sendRows(), sendRecords()])
})

afterAll(async () => {
  if (!hasChromium) return
  await stand.close()
  await rm(folder, { recursive: true, force: true })
})

const place = { x: 0, y: 0, width: 12, height: 8 }
const BOARD = {
  version: 1,
  id: 'evil',
  title: EVIL.slice(0, 120),
  description: EVIL,
  tags: [EVIL.slice(0, 60)],
  panels: [
    { id: 'a', kind: 'stat', title: EVIL.slice(0, 120), place, queries: [{ text: 'evil_total', legend: '{{evil}}' }] },
    { id: 'b', kind: 'table', title: 'b', place: { ...place, x: 12 }, queries: [{ text: 'evil_total' }] },
  ],
}

/** What is counted, and what hosts say of themselves. */
async function sendFigures(): Promise<void> {
  const text = JSON.stringify(EVIL).replaceAll('\\u001b', '\u001b').replaceAll('\\u0007', '\u0007')
  const red = `service=${text},span_name=${text},span_kind="SPAN_KIND_SERVER"`
  const lines = Array.from({ length: STEPS }, (_, i) => {
    const atMs = Date.now() - (STEPS - 1 - i) * STEP_MS
    return [
      `evil_total{evil=${text},service_name=${text}} ${i}`,
      `traces_spanmetrics_calls_total{${red}} ${i * 100}`,
      `traces_spanmetrics_latency_bucket{${red},le="0.1"} ${i * 90}`,
      `traces_spanmetrics_latency_bucket{${red},le="+Inf"} ${i * 100}`,
      `traces_service_graph_request_total{client=${text},server="called",connection_type=""} ${i * 10}`,
      `node_cpu_seconds_total{instance=${text},job="node",cpu="0",mode="idle"} ${i * 7}`,
      `node_uname_info{instance=${text},job="node",sysname=${text},release="6",machine="x",nodename=${text}} 1`,
    ].map((line) => `${line} ${atMs}`)
  })
  const body = `${lines.flat().join('\n')}\n`
  const answer = await fetch(`${stand.server.url}/api/v1/import/prometheus`, { method: 'POST', body })
  if (!answer.ok) throw new Error(`the server refused the figures: ${answer.status} ${await answer.text()}`)
}

const pairs = (record: Readonly<Record<string, string>>) =>
  Object.entries(record).map(([key, value]) => ({ key, value: { stringValue: value } }))

async function sendRows(): Promise<void> {
  const ns = (agoMs: number) => `${Date.now() - agoMs}000000`
  const resource = { attributes: pairs({ 'service.name': EVIL, 'host.name': EVIL, [EVIL]: EVIL }) }
  const thrown = pairs({ 'exception.type': EVIL, 'exception.message': EVIL, 'exception.stacktrace': EVIL })
  const span = {
    ...{ traceId: TRACE_ID, spanId: SPAN_ID, name: EVIL, kind: 2 },
    ...{ startTimeUnixNano: ns(20_000), endTimeUnixNano: ns(19_000), status: { code: 2, message: EVIL } },
    attributes: pairs({ [EVIL]: EVIL, note: EVIL }),
    events: [
      { timeUnixNano: ns(19_500), name: EVIL, attributes: pairs({ [EVIL]: EVIL }) },
      { timeUnixNano: ns(19_400), name: 'exception', attributes: thrown },
    ],
  }
  const record = (agoMs: number, body: string) => ({
    ...{ timeUnixNano: ns(agoMs), severityText: EVIL, severityNumber: 17, body: { stringValue: body } },
    ...{ traceId: TRACE_ID, spanId: SPAN_ID, attributes: pairs({ [EVIL]: EVIL, note: EVIL }) },
  })
  const logRecords = [record(18_000, EVIL), record(17_000, 'ten bytes '.repeat(1_000_000))]
  await post(stand.server, '/v1/traces', { resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] })
  await post(stand.server, '/v1/logs', { resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] })
}

async function sendRecords(): Promise<void> {
  const time = new Date(Date.now() - 60_000).toISOString()
  await post(stand.server, '/api/vantage/v1/events', { service: EVIL, version: EVIL, title: EVIL, time })
  const view = { name: EVIL.slice(0, 120), path: '/services', search: 'sort=name' }
  await post(stand.server, '/api/vantage/v1/views', view)
}

/** Screen, and where the text stands on it; another one where what is hostile is not in words. */
const SCREENS: readonly (readonly [path: string, holder: string, text?: string])[] = [
  ['/', '.home-services tbody th'],
  ['/services', '.service-list tbody th'],
  [`/services/${evil}`, 'h1'],
  [`/services/${evil}/operations`, 'tbody th'],
  [`/services/${evil}/traces`, 'h1'],
  [`/services/${evil}/logs`, 'h1'],
  [`/services/${evil}/metrics`, 'h1'],
  [`/services/${evil}/dependencies`, 'h1'],
  [`/services/${evil}/deploys`, 'tbody th'],
  ['/map?view=table', '.map-table tbody'],
  ['/map?view=map', '.map-node'],
  ['/explore/metrics?a=evil_total', '.legend tbody'],
  ['/explore/logs', '.log-row'],
  ['/explore/logs?tab=table', 'tbody'],
  ['/explore/logs?tab=patterns', '.log-patterns li'],
  ['/explore/logs?tab=fields', '.log-fields', 'note'],
  ['/explore/traces?by=name', '.trace-list tbody'],
  [`/trace/${TRACE_ID}?span=${SPAN_ID}&table=1`, '.span-pairs'],
  [`/trace/${TRACE_ID}?view=operations`, 'tbody'],
  [`/trace/${TRACE_ID}?view=map`, 'h1'],
  [`/trace/${TRACE_ID}?view=logs`, '.trace-lines li'],
  ['/exceptions', '.exception-list tbody th'],
  ['/hosts', '.host-list tbody th'],
  [`/hosts/${evil}`, 'h1'],
  ['/dashboards', '.dashboard-entry h2'],
  ['/d/evil', 'h1'],
  ['/live?q=%7B__name__%3D%22evil_total%22%7D', 'h2', 'evil_total'],
]

/** What the text has done to the page: elements, scripts that ran, and who made the page wider than the window. */
const HARM = `[
  ...document.querySelectorAll('main :is(img, script)'),
  ...(globalThis.evil === undefined ? [] : ['a script ran']),
  ...(document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll('body *')].filter((one) =>
    one.getBoundingClientRect().right > innerWidth + 1)),
].map((one) => one.outerHTML?.slice(0, 80) ?? one).slice(0, 12)`

async function visit(page: Page, path: string): Promise<void> {
  const url = `${path}${path.includes('?') ? '&' : '?'}${RANGE}`
  await page.evaluate(
    `history.pushState(null, '', ${JSON.stringify(url)}); dispatchEvent(new PopStateEvent('popstate'))`,
  )
}

describe.skipIf(!hasChromium)('hostile text stays text, within the page, on every screen', () => {
  for (const size of [DESKTOP, PHONE]) {
    test(`at ${size.width} px`, async () => {
      const page = await stand.open('/setup', { size })
      page.setDefaultTimeout(10_000)
      page.on('dialog', (dialog) => {
        dialogs.push(dialog.message())
        void dialog.dismiss()
      })
      const harmed: unknown[] = []
      for (const [path, holder, hasText = '<img src=x'] of SCREENS) {
        await visit(page, path)
        await page.locator(holder, { hasText }).first().waitFor()
        const found = await page.evaluate<readonly unknown[]>(HARM)
        if (found.length > 0) harmed.push({ path: path.replace(evil, 'EVIL'), found })
      }
      expect(harmed).toEqual([])
      await page.context().close()
    })
  }

  test('characters that are obeyed elsewhere are shown in lines', async () => {
    const page = await stand.open(`/explore/logs?${RANGE}`)
    const line = page.locator('.log-row .log-text', { hasText: '<img src=x' }).first()
    await line.waitFor()
    expect(await line.textContent()).toMatch(/␛\[31mred␛\[0m␇ ⟨202E⟩kcab⟨202C⟩/)
    await page.context().close()
  })

  test('nothing asked, nothing complained', () => {
    expect(dialogs).toEqual([])
    expect(stand.complaints).toEqual([])
  })
})
