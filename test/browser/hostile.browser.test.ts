/** Set: test, 20 s. Text that means harm stays text, and within the page, on every screen. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DESKTOP, hasChromium, PHONE, post, type Stand, send, startStand } from './support/dashboard.ts'
import { visit } from './support/visit.ts'

/** Elements, a terminal's colours, a bell, letters that turn the direction, and more letters than a line holds. */
const EVIL = `<img src=x onerror="evil=1"><script>evil=2</script>\u001b[31mred\u001b[0m\u0007 \u202ekcab\u202c =1+1 ${'long'.repeat(100)}`
const TRACE_ID = `${'e'.repeat(31)}1`
const SPAN_ID = `${'e'.repeat(15)}1`
const RANGE = 'from=now-15m&to=now&live=0'
const evil = encodeURIComponent(EVIL)
/** All that is evil among the rows is of this time, ms before they are sent. */
const EVIL_FROM_MS = 25_000
const EVIL_TO_MS = 10_000
const ENOUGH = 20
const STEP_MS = 15_000
const STEPS = 40

let stand: Stand
let folder: string
let sentMs = 0
const dialogs: string[] = []

beforeAll(async () => {
  if (!hasChromium) return
  folder = await mkdtemp(join(tmpdir(), 'vantage-hostile-'))
  await writeFile(join(folder, 'evil.json'), JSON.stringify(BOARD))
  stand = await startStand({ VANTAGE_SELF_ENABLED: 'false', VANTAGE_DASHBOARDS_DIRECTORY: folder })
  // The first metric of all is what setup leads to.
  await send(stand.server, [{ metric: EVIL, timeMs: Date.now(), value: 1, tags: {} }])
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
  sentMs = Date.now()
  const ns = (agoMs: number) => `${sentMs - agoMs}000000`
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
  // Enough of these and of others for what tells them apart to be no chance.
  const numbers = Array.from({ length: ENOUGH }, (_, i) => i)
  const id = (first: string, i: number, digits: number) => `${first}${i.toString(16).padStart(digits - 1, '0')}`
  const spans = numbers.flatMap((i) => [
    { ...span, traceId: id('f', i, 32), spanId: id('f', i, 16), events: [] },
    {
      ...{ traceId: id('c', i, 32), spanId: id('c', i, 16), name: 'calm', kind: 2 },
      ...{ startTimeUnixNano: ns(22_000 + i), endTimeUnixNano: ns(21_990 + i) },
    },
  ])
  const calm = numbers.map((i) => ({ timeUnixNano: ns(60_000 + i), body: { stringValue: `calm ${i}` } }))
  const evils = numbers.map((i) => record(18_000 + i, EVIL))
  const logRecords = [...evils, record(17_000, 'ten bytes '.repeat(1_000_000)), ...calm]
  await post(stand.server, '/v1/traces', { resourceSpans: [{ resource, scopeSpans: [{ spans: [span, ...spans] }] }] })
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
  ['/setup', '.wait .onward'],
]

/**
 * What the text has done to the page: elements, scripts that ran, characters that are obeyed in what is read or heard, and
 * who made the page wider than the window.
 */
const HARM = `[
  ...[document.documentElement, ...document.querySelectorAll('body *')].filter((one) =>
    [...one.childNodes, ...one.attributes].some((part) =>
      (part.nodeType === 3 || ['title', 'aria-label'].includes(part.name)) && /[\\u0007\\u001b\\u202e]/.test(part.nodeValue))),
  ...(/[\\u0007\\u001b\\u202e]/.test(document.title) ? ['the title of the page'] : []),
  ...document.querySelectorAll('main :is(img, script)'),
  ...(globalThis.evil === undefined ? [] : ['a script ran']),
  ...(document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll('body *')].filter((one) =>
    one.getBoundingClientRect().right > innerWidth + 1)),
].map((one) => one.outerHTML?.slice(0, 80) ?? one).slice(0, 12)`

/** What failed, a region of lines, and one of traces, with what they have that others have not. */
function different(): typeof SCREENS {
  const [fromMs, toMs] = [sentMs - EVIL_FROM_MS, sentMs - EVIL_TO_MS]
  const lines = new URLSearchParams({
    ...{ explain: '{service_name=~".+"}', 'explain.of': 'logs' },
    ...{ 'explain.at': `${fromMs}-${toMs}`, 'explain.around': `${fromMs - 120_000}-${toMs}` },
  })
  return [
    [`/services/${evil}?different=failed`, '.service-difference li'],
    [`/explore/logs?${lines}`, '.explain-sheet li'],
    [`/explore/traces?region=${fromMs}-${toMs},500-5000`, '.service-difference li'],
  ]
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
      for (const [path, holder, hasText = '<img src=x'] of [...SCREENS, ...different()]) {
        await visit(page, `${path}${path.includes('?') ? '&' : '?'}${RANGE}`)
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
