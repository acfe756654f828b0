import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { type Browser, chromium, type Page } from 'playwright-core'
import { PRODUCT } from '../../support/product.ts'
import { startServer, type TestServer } from '../../support/server.ts'

const CHECKOUT = resolve(import.meta.dirname, '../../..')
/** The shell without windows comes first: a page costs it a quarter of the work. */
const CHROMIUMS = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium']
const CHROMIUM =
  process.env['VANTAGE_TEST_CHROMIUM'] ?? CHROMIUMS.find((path) => existsSync(path)) ?? '/usr/bin/chromium'
export const OUTPUT_DIR = join(CHECKOUT, 'test-output')

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-extensions',
  '--disable-component-extensions-with-background-pages',
  '--disable-features=PreloadTopChromeWebUI,WebUIOmniboxPopup,OptimizationHints,MediaRouter,Translate',
]

export const hasChromium = existsSync(CHROMIUM)
if (!hasChromium)
  console.log(`browser tests are skipped: there is no ${CHROMIUM} (VANTAGE_TEST_CHROMIUM names another)`)

export type Theme = 'dark' | 'light'

export const DESKTOP = { width: 1440, height: 900 }
export const PHONE = { width: 390, height: 844 }

/** The built dashboard behind a real server, and a browser. */
export interface Stand {
  readonly server: TestServer
  readonly browser: Browser
  /** What pages complained about so far: errors of scripts, of the console, of the content security policy. */
  readonly complaints: string[]
  open(path: string, options?: OpenOptions): Promise<Page>
  close(): Promise<void>
}

export interface OpenOptions {
  readonly size?: { readonly width: number; readonly height: number }
  readonly theme?: Theme
  /** Of the browser: a name of the IANA database. */
  readonly timezoneId?: string
  /** The browser's clock is so far ahead of the server's. */
  readonly aheadMs?: number
  /** It has a screen for fingers. */
  readonly hasTouch?: boolean
}

/** @param env of the server, beside what every one has */
export async function startStand(env: Readonly<Record<string, string>> = {}): Promise<Stand> {
  await mkdir(OUTPUT_DIR, { recursive: true })
  const dashboard = join(PRODUCT, 'dashboard')
  const [server, browser] = await Promise.all([
    startServer({ env: { ...env, VANTAGE_DASHBOARD: dashboard } }),
    chromium.launch({ executablePath: CHROMIUM, args: FLAGS }),
  ])
  const complaints: string[] = []
  return {
    server,
    browser,
    complaints,
    async open(path, { size = DESKTOP, theme = 'dark', timezoneId = 'UTC', aheadMs = 0, hasTouch = false } = {}) {
      const context = await browser.newContext({ viewport: size, timezoneId, hasTouch })
      await context.grantPermissions(['clipboard-read', 'clipboard-write'])
      await context.addInitScript(`localStorage.setItem('vantage.theme', '${theme}')`)
      if (aheadMs !== 0) await context.addInitScript(aheadClock(aheadMs))
      const page = await context.newPage()
      page.on('pageerror', (error) => complaints.push(`${path}: ${error.message}`))
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(`${path}: ${message.text()} (${message.location().url})`)
      })
      await page.goto(`${server.url}${path}`)
      return page
    },
    async close() {
      await browser.close()
      await server.stop()
    },
  }
}

/** Sets the clock of a page. */
const aheadClock = (aheadMs: number) => `{
  const Real = Date
  const now = () => Real.now() + ${aheadMs}
  globalThis.Date = class extends Real {
    constructor(...given) { given.length === 0 ? super(now()) : super(...given) }
    static now() { return now() }
  }
}`

interface Sample {
  readonly metric: string
  readonly timeMs: number
  readonly value: number
  readonly tags: Readonly<Record<string, string>>
}

/** The most items of one JSON batch. */
const BATCH_ITEMS = 1_000

export async function send(server: TestServer, samples: readonly Sample[]): Promise<void> {
  for (let at = 0; at < samples.length; at += BATCH_ITEMS) {
    const metrics = samples.slice(at, at + BATCH_ITEMS).map(({ metric, timeMs, value, tags }) => ({
      timestamp: timeMs,
      service_name: 'shop',
      metric_name: metric,
      value,
      tags,
    }))
    const answer = await fetch(`${server.url}/v1/metrics`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ metrics }),
    })
    if (!answer.ok) throw new Error(`the server refused the samples: ${answer.status} ${await answer.text()}`)
  }
}

/** Text that must stay text wherever it is shown. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: it is meant to look like one.
export const HOSTILE = '<img src=x onerror="document.title=1"> ${1} {{x}}'

const SHOP_STEP_MS = 5_000
const SHOP_SPAN_MS = 300_000
const DAY_MS = 86_400_000
let shopSentUntilMs = 0

/**
 * Sends what a small shop measured in the last five minutes, one sample in five seconds, and not yet sent.
 * Values follow from the time alone, so that later calls go on where earlier ones stopped.
 */
export async function sendShop(server: TestServer): Promise<void> {
  const nowMs = Date.now()
  const fromMs = Math.max(shopSentUntilMs, nowMs - SHOP_SPAN_MS)
  const samples: Sample[] = []
  for (let k = Math.floor(fromMs / SHOP_STEP_MS) + 1; k * SHOP_STEP_MS <= nowMs; k++) {
    const timeMs = k * SHOP_STEP_MS
    const seconds = (timeMs % DAY_MS) / 1000
    for (const [i, route] of ['/', '/pay', '/cart'].entries()) {
      const tags = { instance: `web-${i}`, route }
      const total = seconds * (30 + 15 * i) + 150 * Math.sin(seconds / 40 + i)
      samples.push({ metric: 'http_requests_total', timeMs, value: Math.round(total), tags })
      const value = 0.1 + 0.05 * i + 0.03 * Math.sin(seconds / 20 + i)
      samples.push({ metric: 'request_latency_seconds', timeMs, value, tags })
    }
    samples.push({ metric: 'queue_depth', timeMs, value: 40 + 20 * Math.sin(seconds / 15), tags: { queue: HOSTILE } })
    shopSentUntilMs = timeMs
  }
  await send(server, samples)
}

/** Sends `metrics` × `lines` series at `hz` until stopped. */
export function stream(server: TestServer, metrics: number, lines: number, hz: number): () => Promise<void> {
  let isRunning = true
  const run = async () => {
    while (isRunning) {
      const startMs = performance.now()
      const timeMs = Date.now()
      const samples: Sample[] = []
      for (let m = 0; m < metrics; m++) {
        for (let i = 0; i < lines; i++) {
          const value = 50 + 30 * Math.sin(timeMs / (900 + 97 * m) + i) + Math.random() * 4
          samples.push({ metric: `wall_${String(m).padStart(2, '0')}`, timeMs, value, tags: { instance: `web-${i}` } })
        }
      }
      await send(server, samples)
      await new Promise((wake) => setTimeout(wake, Math.max(0, 1000 / hz - (performance.now() - startMs))))
    }
  }
  const running = run()
  return async () => {
    isRunning = false
    await running
  }
}

/** Rules that axe finds broken on the page or within one part of it, one line each; empty when there are none. */
export async function violations(page: Page, within?: string): Promise<string[]> {
  // Preloading makes axe write style elements of its own, which the page's policy forbids and reports.
  const axe = new AxeBuilder({ page })
    .options({ preload: false, resultTypes: ['violations'] })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'])
    // There are no frames: in this mode axe needs no second page for each look.
    .setLegacyMode()
  if (within !== undefined) axe.include(within)
  const { violations: found } = await axe.analyze()
  return found.flatMap((rule) =>
    rule.nodes.map((node) => `${rule.id}: ${node.target.join(' ')} ${node.failureSummary ?? ''}`.slice(0, 400)),
  )
}

export interface LayoutFigures {
  readonly layouts: number
  readonly styles: number
}

/** How often the page was laid out and styled so far, from the browser's own counters. */
export async function layoutFigures(page: Page): Promise<LayoutFigures> {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable')
  const { metrics } = await session.send('Performance.getMetrics')
  await session.detach()
  const figure = (name: string) => metrics.find((one) => one.name === name)?.value ?? Number.NaN
  return { layouts: figure('LayoutCount'), styles: figure('RecalcStyleCount') }
}

/** Puts pictures side by side into one, with their names, drawn by the browser itself. */
export async function contactSheet(
  browser: Browser,
  pictures: readonly { readonly name: string; readonly png: Buffer }[],
  path: string,
): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1600, height: 900 } })
  const cells = pictures.map(
    ({ name, png }) =>
      `<figure><img src="data:image/png;base64,${png.toString('base64')}"><figcaption>${name}</figcaption></figure>`,
  )
  await page.setContent(`<style>
    body { margin: 16px; background: #888; font: 13px sans-serif; color: #fff; display: flex; flex-wrap: wrap; gap: 12px }
    figure { margin: 0 } img { display: block; height: 420px }
  </style>${cells.join('')}`)
  await page.screenshot({ path, fullPage: true })
  await page.close()
}

export const TRACE_ID = '5b8efff798038103d269b633813fc60c'

/** One trace of three spans in two services, the last of them failed, with four log lines, one of them hostile. */
export async function sendTrace(server: TestServer): Promise<void> {
  const nowMs = Date.now() - 30_000
  const ns = (offsetMs: number): string => `${nowMs + offsetMs}000000`
  const text = (key: string, value: string) => ({ key, value: { stringValue: value } })
  const span = (id: string, parent: string, name: string, from: number, to: number, more: object = {}) => ({
    traceId: TRACE_ID,
    spanId: id.repeat(16),
    parentSpanId: parent === '' ? '' : parent.repeat(16),
    name,
    kind: 2,
    startTimeUnixNano: ns(from),
    endTimeUnixNano: ns(to),
    attributes: [text('note', HOSTILE)],
    ...more,
  })
  const of = (service: string) => ({ attributes: [text('service.name', service)] })
  const failed = { status: { code: 2, message: 'declined' } }
  const shop = [span('1', '', 'GET /checkout', 0, 120), span('2', '1', 'POST payments', 10, 110)]
  const payments = [span('3', '2', 'POST /charge', 20, 100, failed)]
  const line = (offsetMs: number, severityText: string, severityNumber: number, body: string) => ({
    timeUnixNano: ns(offsetMs),
    severityText,
    severityNumber,
    body: { stringValue: body },
  })
  const ids = { traceId: TRACE_ID, spanId: '3'.repeat(16) }
  const logRecords = [
    line(1, 'INFO', 9, 'checkout begins'),
    line(2, 'INFO', 9, HOSTILE),
    { ...line(90, 'ERROR', 17, 'the card was declined'), ...ids },
    line(119, 'INFO', 9, 'checkout ends'),
  ]
  await post(server, '/v1/traces', {
    resourceSpans: [
      { resource: of('shop'), scopeSpans: [{ spans: shop }] },
      { resource: of('payments'), scopeSpans: [{ spans: payments }] },
    ],
  })
  await post(server, '/v1/logs', { resourceLogs: [{ resource: of('payments'), scopeLogs: [{ logRecords }] }] })
}

/** At once. */
const REQUESTS = 40
/** Counts of spans are stated every few seconds. */
const STATED_WITHIN_MS = 20_000

/** Some requests of `orders`, each with a call of `stock`. Every fourth is slow and fails, in the stock's second region. */
export async function sendRequests(server: TestServer, go = 0): Promise<void> {
  // All of it lies before now, also where the end of a time is rounded down to two seconds.
  const startMs = Date.now() - 5_000
  const requests = Array.from({ length: REQUESTS }, (_, i) => requestOf(startMs + i * 20, go * 100 + i))
  await post(server, '/v1/traces', { resourceSpans: requests.flat() })
}

/** The same three times; the next ones come when the counts of those before are stated, so that counts grow. */
export async function sendGrowingRequests(server: TestServer): Promise<void> {
  for (let go = 0; go < 3; go++) {
    await sendRequests(server, go)
    const deadlineMs = performance.now() + STATED_WITHIN_MS
    while ((await statedRequests(server)) < REQUESTS * (go + 1)) {
      if (performance.now() > deadlineMs) throw new Error(`requests are not counted after ${STATED_WITHIN_MS} ms`)
      await new Promise((wake) => setTimeout(wake, 200))
    }
  }
}

async function statedRequests(server: TestServer): Promise<number> {
  const query = 'sum(traces_spanmetrics_calls_total{service="orders",span_kind="SPAN_KIND_SERVER"})'
  const answer = await fetch(`${server.url}/api/v1/query?${new URLSearchParams({ query })}`)
  const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } }
  return Number(data.result[0]?.value[1] ?? 0)
}

function requestOf(startMs: number, number: number): object[] {
  const isSlow = number % 4 === 0
  const text = (key: string, value: string) => ({ key, value: { stringValue: value } })
  const traceId = (0xabc000 + number).toString(16).padStart(32, '0')
  const id = (place: number) => `${number.toString(16).padStart(8, '0')}0000000${place}`
  const span = (place: number, name: string, kind: number, tookMs: number, attributes: object[] = []) => ({
    traceId,
    spanId: id(place),
    parentSpanId: place === 1 ? '' : id(place - 1),
    name,
    kind,
    startTimeUnixNano: `${startMs + place}000000`,
    endTimeUnixNano: `${startMs + place + tookMs}000000`,
    status: isSlow ? { code: 2, message: 'out of stock' } : {},
    attributes,
  })
  const took = isSlow ? 900 : 30
  const of = (service: string, spans: object[]) => ({
    resource: { attributes: [text('service.name', service)] },
    scopeSpans: [{ spans }],
  })
  return [
    of('orders', [span(1, 'POST /orders', 2, took + 20), span(2, 'stock', 3, took + 10)]),
    of('stock', [span(3, 'GET /stock', 2, took, [text('region', isSlow ? 'b' : 'a')])]),
  ]
}

/** Posts JSON; what the server refuses is an error. */
export async function post(server: TestServer, path: string, body: object): Promise<void> {
  const answer = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`${path} answered ${answer.status} ${await answer.text()}`)
}
