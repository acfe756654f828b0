import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  HOSTILE,
  hasChromium,
  PHONE,
  post,
  type Stand,
  sendTrace,
  startStand,
  TRACE_ID,
  violations,
} from './support/dashboard.ts'
import { sendHistory } from './support/history.ts'
import { ALPHA, sendHosts } from './support/hosts.ts'
import { expectAccessible, type Screen, takePictures } from './support/pictures.ts'
import { SOON } from './support/soon.ts'

let stand: Stand
let folder: string

const HOSTILE_BOARD = {
  version: 1,
  id: 'mine',
  title: `Mine ${HOSTILE}`,
  tags: [HOSTILE],
  panels: [
    {
      id: 'wrong',
      kind: 'stat',
      title: HOSTILE,
      place: { x: 0, y: 0, width: 12, height: 4 },
      queries: [{ text: 'rate(' }],
    },
    {
      id: 'right',
      kind: 'stat',
      title: 'Seven',
      place: { x: 12, y: 0, width: 12, height: 4 },
      queries: [{ text: 'vector(7)', legend: HOSTILE }],
    },
  ],
}

beforeAll(async () => {
  if (!hasChromium) return
  folder = await mkdtemp(join(tmpdir(), 'vantage-boards-'))
  await writeFile(join(folder, 'mine.json'), JSON.stringify(HOSTILE_BOARD))
  await writeFile(join(folder, 'old.json'), JSON.stringify({ ...HOSTILE_BOARD, version: 0 }))
  stand = await startStand({ VANTAGE_DASHBOARDS_DIRECTORY: folder })
  await sendHistory(stand.server, Date.now())
  await sendTrace(stand.server)
  await sendHosts(stand.server)
})

afterAll(async () => {
  if (!hasChromium) return
  await stand.close()
  await rm(folder, { recursive: true, force: true })
})

const SERVICE = '/d/service?from=now-1h&to=now'
const shown = (page: Page) => page.locator('.panel[data-state="shown"]')

async function openBoard(path: string, panels: number): Promise<Page> {
  const page = await stand.open(path, { size: { width: 1440, height: 1600 } })
  await expect.poll(() => shown(page).count(), SOON).toBeGreaterThanOrEqual(panels)
  return page
}

describe.skipIf(!hasChromium)('dashboards', () => {
  test('are listed, found by words and tags, and opened by keys alone; a file that holds none is named', async () => {
    const page = await stand.open('/setup')
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('d')
    await page.waitForURL('**/dashboards')
    const entries = page.locator('.dashboard-entry')
    await expect.poll(() => entries.count(), SOON).toBe(5)
    await page.getByText('old.json holds no dashboard: version: want 1, got 0').waitFor()
    expect(await entries.filter({ hasText: 'Mine' }).locator('h2').textContent()).toBe(`Mine ${HOSTILE}`)
    await page.getByLabel('Find a dashboard').fill('nothing like it')
    await page.getByRole('button', { name: 'Drop it' }).click()
    await page.getByRole('button', { name: 'red', exact: true }).click()
    await page.waitForURL('**find=red')
    await expect.poll(() => entries.count()).toBe(1)
    await page.getByRole('link', { name: 'Service requests' }).focus()
    await page.keyboard.press('Enter')
    await page.waitForURL('**/d/service/service-requests*')
    await expect.poll(() => shown(page).count(), SOON).toBeGreaterThan(5)
    expect(await page.locator('.rail .nav-link[aria-current]').allTextContents()).toEqual(['Dashboards'])
    await page.context().close()
  })

  test('a star puts one first, here and after a reload; any words behind the id lead to the same', async () => {
    const page = await stand.open('/dashboards')
    const first = page.locator('.dashboard-entry h2').first()
    expect(await first.textContent()).toBe('API')
    await page.getByRole('button', { name: 'Star Vantage' }).focus()
    await page.keyboard.press('Enter')
    await expect.poll(() => first.textContent()).toBe('Vantage')
    await page.reload()
    await expect.poll(() => first.textContent(), SOON).toBe('Vantage')
    await page.getByRole('link', { name: 'Vantage', exact: true }).click()
    await page.waitForURL('**/d/vantage/vantage*')
    await page.getByRole('button', { name: 'Star Vantage', pressed: true }).click()
    await page.goto(`${stand.server.url}/d/vantage/as-it-was-called`)
    await page.getByRole('heading', { level: 1, name: 'Vantage' }).waitFor()
    await page.getByRole('button', { name: 'Star Vantage', pressed: false }).waitFor()
    await page.context().close()
  })

  test('the icon is there, also where browsers look for one by habit', async () => {
    for (const path of ['/favicon.svg', '/favicon.ico']) {
      const answer = await fetch(`${stand.server.url}${path}`)
      expect([answer.status, answer.headers.get('content-type')], path).toEqual([200, 'image/svg+xml'])
      expect(await answer.text(), path).toContain('<svg')
    }
  })

  test('this host, this product and HTTP services have theirs from the start', { timeout: 120_000 }, async () => {
    const host = await openBoard('/d/host?from=now-5m&to=now', 9)
    await host.locator('[data-panel="memory-used"] .stat-value').getByText('%').waitFor()
    await host.locator('[data-panel="network"] .legend').getByText('in', { exact: true }).waitFor()
    await host.getByRole('img', { name: /^States over time of 3, at the end: / }).waitFor()
    await host.context().close()
    const own = await openBoard('/d/vantage?from=now-5m&to=now', 8)
    await own.locator('[data-panel="doors"] tbody tr').getByText('prometheus-import').waitFor()
    await own.locator('[data-panel="acknowledgement"] .legend').getByText('p99', { exact: true }).waitFor()
    await own.locator('[data-panel="connections"] .legend').getByText('http', { exact: true }).waitFor()
    await own.context().close()
    const api = await openBoard('/d/api?from=now-1h&to=now', 5)
    await api.locator('[data-panel="sources"]').getByText('payments', { exact: true }).waitFor()
    await api.locator('[data-panel="logs"]').getByText('the card was declined').waitFor()
    await api.locator('[data-panel="traces"]').getByRole('link', { name: 'shop GET /checkout' }).click()
    await api.waitForURL('**/trace/*')
    await api.goBack()
    await expect.poll(() => api.locator('[data-panel="endpoints"] .legend tbody tr').count(), SOON).toBeGreaterThan(6)
    await api.context().close()
  })

  test('a variable narrows all panels; a pasted link shows the same, Back gives the former', async () => {
    const page = await openBoard(SERVICE, 9)
    const rows = page.locator('[data-panel="operations"] tbody tr')
    await expect.poll(() => rows.count(), SOON).toBeGreaterThan(6)
    await page.getByRole('button', { name: 'Service: all' }).click()
    await page.getByLabel('Find Service').fill('pay')
    await page.getByRole('checkbox', { name: 'payments' }).check()
    await page.keyboard.press('Escape')
    await expect
      .poll(async () => (await rows.allTextContents()).every((text) => text.startsWith('payments')), SOON)
      .toBe(true)
    await page.locator('[data-panel="latency"]').getByRole('button', { name: 'p50' }).click()
    await page.waitForURL('**hide=latency.*')
    await page.getByRole('button', { name: 'Fill the page with Latency', exact: true }).click()
    await page.waitForURL('**panel=latency*')
    const other = await stand.open(page.url().slice(stand.server.url.length))
    await other.locator('[data-panel="latency"] .legend tr[data-hidden="true"]').first().waitFor()
    expect(await other.locator('.panel').count()).toBe(1)
    expect(await other.getByRole('button', { name: 'Service: payments' }).count()).toBe(1)
    await other.context().close()
    await page.goBack()
    await expect.poll(() => page.locator('.panel').count()).toBeGreaterThan(9)
    await page.goBack()
    await page.goBack()
    await expect.poll(() => rows.count(), SOON).toBeGreaterThan(6)
    await page.context().close()
  })

  test('a panel fills the page, becomes a table and is inspected by keys alone', async () => {
    const page = await openBoard(SERVICE, 9)
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await page.keyboard.press('v')
    await page.waitForURL('**panel=errors')
    await page.keyboard.press('Shift+T')
    await page.getByRole('region', { name: 'Errors as table' }).waitFor()
    await page.keyboard.press('Escape')
    await page.waitForURL((url) => !url.search.includes('panel='))
    await page.getByRole('img', { name: /^9\d(\.\d+)?\s% of 100\s% of all requests$/ }).waitFor()
    const heatmap = page.getByRole('img', { name: /^Heatmap of / })
    await heatmap.focus()
    await page.keyboard.press('End')
    await expect
      .poll(() => page.locator('[data-panel="distribution"] .picture-readout').textContent())
      .toMatch(/ · .+: \d/)
    await page.getByRole('button', { name: 'What to do with Latency', exact: true }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('menuitem', { name: 'Inspect: query and data' }).focus()
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Latency' })
    await dialog.getByText('histogram_quantile(0.99').waitFor()
    expect(await dialog.locator('tbody tr').count()).toBeGreaterThan(20)
    expect(await violations(page, 'dialog')).toEqual([])
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    await page.context().close()
  })

  test('the heads of a table sort it, by keys alone; a link keeps the order, Back takes it back', async () => {
    const page = await openBoard(SERVICE, 9)
    const table = page.locator('[data-panel="operations"]')
    const firsts = () => table.locator('tbody td:first-child').allTextContents()
    await expect.poll(async () => (await firsts()).length, SOON).toBeGreaterThan(6)
    const usual = await firsts()
    const words = [...usual].sort((a, b) => a.localeCompare(b))
    const head = table.locator('thead button').first()
    await head.focus()
    await page.keyboard.press('Enter')
    await page.waitForURL(/sort=operations(:|%3A)l\./)
    await expect.poll(firsts).toEqual(words)
    expect(await table.locator('th[aria-sort]').getAttribute('aria-sort')).toBe('ascending')
    await page.keyboard.press('Enter')
    await expect.poll(firsts).toEqual([...words].reverse())
    const other = await stand.open(page.url().slice(stand.server.url.length))
    await expect
      .poll(() => other.locator('[data-panel="operations"] tbody td:first-child').first().textContent(), SOON)
      .toBe(words.at(-1))
    expect(await violations(other, '[data-panel="operations"]')).toEqual([])
    await other.context().close()
    await page.keyboard.press('Enter')
    await page.waitForURL((url) => !url.search.includes('sort='))
    await expect.poll(firsts).toEqual(usual)
    await page.goBack()
    await expect.poll(firsts).toEqual([...words].reverse())
    await page.context().close()
  })

  test('a zoom is one step back, however many charts there are; a click leads to traces of the time and service', async () => {
    const page = await openBoard(`${SERVICE}&var-service=payments`, 9)
    const plot = page.locator('.chart-host .u-over').first()
    const box = await plot.boundingBox()
    if (box === null) throw new Error('no chart')
    const y = box.y + box.height / 2
    await page.mouse.move(box.x + box.width * 0.3, y)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.8, y, { steps: 4 })
    await page.mouse.up()
    await page.waitForURL((url) => url.searchParams.get('from') !== 'now-1h')
    await page.keyboard.press('z')
    await expect.poll(() => new URL(page.url()).searchParams.get('from')).toBe('now-1h')
    await plot.click()
    await page.getByRole('menuitem', { name: 'Traces of payments' }).click()
    await page.waitForURL('**/explore/traces*')
    expect(new URL(page.url()).searchParams.get('q')).toContain('resource.service.name = "payments"')
    await page.context().close()
  })

  test('a panel is saved as data and as a picture, and its queries open in Explore', async () => {
    const page = await openBoard(SERVICE, 9)
    const save = async (panel: string, item: string) => {
      await page.getByRole('button', { name: `What to do with ${panel}`, exact: true }).click()
      const [file] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('menuitem', { name: item }).click(),
      ])
      return file.suggestedFilename()
    }
    expect(await save('Operations', 'Save data as CSV')).toBe('vantage-operations.csv')
    expect(await save('Latency over time', 'Save picture as PNG')).toBe('vantage-distribution.png')
    await page.getByRole('button', { name: 'What to do with Latency', exact: true }).click()
    await page.getByRole('menuitem', { name: 'Open in Explore' }).click()
    await page.waitForURL('**/explore/metrics?*')
    await page.locator('.legend tbody tr').nth(2).waitFor()
    await page.context().close()
  })

  test('a panel that fails says why, and the others go on; text stays text', async () => {
    const page = await openBoard('/d/mine', 1)
    await page
      .locator('[data-panel="wrong"]')
      .getByText(/parse error|unexpected|expected/i)
      .first()
      .waitFor()
    expect(await page.locator('[data-panel="wrong"] h2').textContent()).toBe(HOSTILE)
    expect(await page.locator('[data-panel="right"] .stat-label').textContent()).toBe(HOSTILE.replace('{{x}}', ''))
    expect([await page.title(), await page.locator('img').count()]).toEqual(['Dashboard · Vantage', 0])
    await page.context().close()
  })

  test('a time without data, a dashboard that is not there, and a server that does not answer are said', async () => {
    const page = await stand.open('/d/service?from=1577836800000&to=1577840400000')
    await expect.poll(() => page.getByText('Nothing in this time.').count(), SOON).toBeGreaterThan(5)
    await page.context().close()
    const missing = await stand.open('/d/never')
    await missing.getByRole('heading', { name: 'There is no such dashboard' }).waitFor()
    await missing.getByRole('link', { name: 'All dashboards' }).click()
    await missing.waitForURL('**/dashboards')
    await missing.route('**/api/vantage/v1/dashboards*', (route) => route.fulfill({ status: 503, body: '{}' }))
    await missing.goto(`${stand.server.url}/dashboards`)
    await missing.getByText('Dashboards cannot be listed').waitFor()
    await missing.unroute('**/api/vantage/v1/dashboards*')
    await missing.getByRole('button', { name: 'Retry' }).click()
    await missing.locator('.dashboard-entry').first().waitFor()
    await missing.context().close()
  })
})

describe.skipIf(!hasChromium)('a server that nobody sends to', () => {
  let fresh: Stand
  beforeAll(async () => {
    fresh = await startStand()
  })
  afterAll(() => fresh.close())

  test('shows its own figures, and says why others are missing', { timeout: 60_000 }, async () => {
    const page = await fresh.open('/d/vantage?from=now-5m&to=now', { size: { width: 1440, height: 1600 } })
    const shows = (panel: string) => page.locator(`[data-panel="${panel}"][data-state="shown"]`)
    for (const panel of ['items', 'queries', 'doors', 'memory', 'disk']) await shows(panel).waitFor({ timeout: 30_000 })
    expect(await shows('items').locator('.stat-value').textContent()).toMatch(/^0/)
    const doors = await shows('doors').locator('tbody tr').allTextContents()
    for (const door of ['otlp-http', 'otlp-grpc', 'remote-write', 'loki-push', 'zipkin', 'stream']) {
      expect(doors.filter((row) => row.startsWith(door))).toHaveLength(1)
    }
    await page.locator('[data-panel="items-by-door"]').getByText('“Get data in” says how').waitFor()
    await page.locator('[data-panel="refused"]').getByText('Nothing was refused in this time.').waitFor()
    expect(fresh.complaints).toEqual([])
    await page.context().close()
  })
})

const HOSTS = '/hosts?from=now-5m&to=now'
const HOST = `/hosts/${encodeURIComponent(ALPHA)}?from=now-5m&to=now`

describe.skipIf(!hasChromium)('hosts', () => {
  test('of both kinds stand in one list, the worst on top, found and opened by keys alone', async () => {
    const page = await stand.open('/setup')
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('o')
    await page.waitForURL('**/hosts')
    const rows = page.locator('.host-list tbody tr')
    await expect.poll(() => rows.count(), SOON).toBe(3)
    // The figures come one question after the other.
    await expect
      .poll(() => rows.filter({ hasText: ALPHA }).textContent(), SOON)
      .toMatch(/alpha.*Strained.*30\s%.*50\s%.*92\s%.*2\sKiB\/s.*3\sKiB\/s.*Linux 6\.1\.0 x86_64/)
    await expect
      .poll(() => rows.filter({ hasText: 'beta' }).textContent(), SOON)
      .toMatch(/Fine.*90\s%.*75\s%.*10\s%.*1\.5/)
    await page.getByRole('radio', { name: 'Disk' }).check({ force: true })
    await page.waitForURL('**sort=disk*')
    await expect.poll(() => rows.first().textContent()).toContain('alpha')
    await page.getByLabel('Find a host').fill('alph')
    await expect.poll(() => rows.count()).toBe(1)
    await rows.getByRole('link').focus()
    await page.keyboard.press('Enter')
    await page.waitForURL('**/hosts/10.0.0.5*')
    await page.getByRole('heading', { name: ALPHA }).waitFor()
    expect(await page.locator('.rail .nav-link[aria-current]').allTextContents()).toEqual(['Hosts'])
    await page.goBack()
    await page.waitForURL('**find=alph*')
    await page.context().close()
  })

  test('one has its charts, its processes, its services and what they write', async () => {
    const page = await openBoard(HOST, 6)
    await page.getByText('alpha · Linux 6.1.0 x86_64 · 1 core').waitFor()
    const fileSystems = page.locator('[data-panel="file-systems"] li')
    await expect
      .poll(() => fileSystems.allTextContents(), SOON)
      .toEqual([expect.stringMatching(/^\/.*92\s%$/), expect.stringContaining(HOSTILE)])
    await page.locator('.host-processes').getByText('100\u202fMiB').waitFor()
    await page.locator('[data-panel="host-lines"]').getByText('the ledger is open').waitFor()
    expect(await page.locator('img').count()).toBe(0)
    const service = page.locator('.host-services tbody tr')
    await expect.poll(() => service.textContent(), SOON).toMatch(/ledger.*20\s%/)
    await service.getByRole('link', { name: 'ledger' }).click()
    await page.waitForURL('**/services/ledger*')
    await page.context().close()
  })

  test('a host that is not there is silent; a time without hosts says so; what fails is named', async () => {
    const silent = await stand.open('/hosts/nobody?from=now-5m&to=now')
    await silent.getByText('Silent').waitFor()
    await silent.getByText('No process says that it runs here').waitFor()
    await silent.goto(`${stand.server.url}/hosts?from=1577836800000&to=1577840400000`)
    await silent.getByRole('heading', { name: 'No host reports in this time' }).waitFor()
    await silent.route('**/api/v1/query_range?*', (route) =>
      route.fulfill({ status: 503, body: '{"error":"too busy"}' }),
    )
    await silent.goto(`${stand.server.url}${HOSTS}`)
    await silent.getByText('Lines over time: too busy').waitFor()
    await silent.locator('.host-list tbody tr').nth(2).waitFor()
    await silent.unroute('**/api/v1/query_range?*')
    await silent.getByRole('button', { name: 'Retry' }).click()
    await silent.getByText('Lines over time: too busy').waitFor({ state: 'detached' })
    await silent.context().close()
  })
})

describe.skipIf(!hasChromium)('the tabs of a service', () => {
  test('lead from one to the next by keys alone, each with its address, and Back to the former', async () => {
    const page = await stand.open('/services/payments?from=now-1h&to=now')
    const tabs = page.getByRole('navigation', { name: 'Views of payments' })
    await page.getByRole('img', { name: /^Heatmap of / }).waitFor()
    const open = async (tab: string) => {
      await tabs.getByRole('link', { name: tab }).focus()
      await page.keyboard.press('Enter')
      await page.waitForURL(`**/services/payments/${tab.toLowerCase()}?from=now-1h*`)
    }
    await open('Operations')
    await page.getByRole('link', { name: 'payments request' }).waitFor()
    await page.getByLabel('Find an operation').fill('nothing like it')
    await page.getByText('No operation matches “nothing like it”').waitFor()
    await open('Traces')
    await page.locator('[data-panel="newest"]').getByRole('link', { name: 'shop GET /checkout' }).waitFor()
    await open('Logs')
    await page.locator('[data-panel="lines"]').getByText('the card was declined').waitFor()
    await open('Dependencies')
    await page.getByRole('region', { name: 'Called by', exact: true }).getByRole('link', { name: 'checkout' }).waitFor()
    expect(await page.getByRole('region', { name: 'Calls', exact: true }).getByText('ledger').count()).toBe(1)
    await open('Deploys')
    await page.getByText('payments 2.41.0').waitFor()
    const row = page.locator('tbody tr', { hasText: 'payments 2.41.0' })
    expect(await row.textContent()).toMatch(/deploy payments 2\.41\.0Failing.*0\.2\s% → 9(\.\d+)?\s%/)
    await page.goBack()
    await page.waitForURL('**/services/payments/dependencies?*')
    await page.context().close()
  })

  test('its metrics lead to Explore with a question of it alone; what it does not send is said', async () => {
    const page = await stand.open('/services/ledger/metrics?from=now-5m&to=now')
    await page.getByRole('link', { name: 'process_cpu_seconds_total' }).click()
    await page.waitForURL('**/explore/metrics?*')
    expect(new URL(page.url()).searchParams.get('a')).toBe('rate(process_cpu_seconds_total{service_name="ledger"}[5m])')
    await page.goto(`${stand.server.url}/services/storefront/metrics`)
    await page.getByText('It sends no metrics of its own').waitFor()
    await page.goto(`${stand.server.url}/services/ledger/deploys`)
    await page.getByText('No change in this time.').waitFor()
    await page.goto(`${stand.server.url}/services/ledger/profits`)
    await page.getByText('There is no such view of a service').waitFor()
    await page.context().close()
  })

  test('its charts mark what changed, and lead to single requests', async () => {
    const page = await stand.open('/services/payments?from=now-1h&to=now')
    const latency = page.locator('[data-panel="latency"]')
    const chart = latency.locator('.chart-host')
    await expect
      .poll(() => chart.getAttribute('aria-label'), SOON)
      .toMatch(/Meanwhile: payments 2\.41\.0 at \d\d:\d\d:\d\d\.$/)
    const request = latency.getByRole('list', { name: 'Single requests' }).getByRole('link').first()
    await request.waitFor()
    expect(await request.getAttribute('aria-label')).toMatch(/^80\sms at \d\d:\d\d:\d\d: open its trace$/)
    const [plot, mark] = [await latency.locator('.u-over').boundingBox(), await request.boundingBox()]
    expect((mark?.x ?? 0) + 12).toBeGreaterThan((plot?.x ?? 0) + (plot?.width ?? 0) * 0.9)
    expect(await violations(page, '[data-panel="latency"]')).toEqual([])
    await request.focus()
    await page.keyboard.press('Enter')
    await page.waitForURL(`**/trace/${TRACE_ID}*`)
    await page.goBack()
    await request.waitFor()
    // A range is dragged from there as from any other place of the chart.
    const place = (await request.boundingBox()) as { x: number; y: number }
    await page.mouse.move(place.x + 12, place.y + 12)
    await page.mouse.down()
    await page.mouse.move(place.x - 100, place.y + 12, { steps: 4 })
    await page.mouse.up()
    await page.waitForURL('**/services/payments?*live=0*')
    await page.context().close()
  })

  test('an answer that fails is named', async () => {
    const page = await stand.open('/setup')
    await page.route('**/api/vantage/v1/events?*', (route) =>
      route.fulfill({ status: 503, body: '{"error":"too busy"}' }),
    )
    await page.goto(`${stand.server.url}/services/payments/deploys`)
    await page.getByText('too busy').waitFor()
    await page.context().close()
  })
})

test.skipIf(!hasChromium)('a change of just now is not compared with the time before it yet', async () => {
  const time = new Date(Date.now() - 5_000).toISOString()
  await post(stand.server, '/api/vantage/v1/events', { service: 'ledger', title: 'ledger 9', version: '9', time })
  const page = await stand.open('/services/ledger/deploys?from=now-5m&to=now')
  const row = page.locator('tbody tr', { hasText: 'ledger 9' })
  await row.getByText(/^Too new: it is compared once 45\s?s are over\.$/).waitFor()
  await page.context().close()
})

const screens: readonly Screen[] = [
  ['dashboards', '/dashboards', '.dashboard-entry'],
  ['dashboard-host', '/d/host?from=now-5m&to=now&live=0', '[data-panel="cpu"][data-state="shown"]'],
  ['dashboard-service', '/d/service?from=now-1h&to=now&live=0', '[data-panel="requests"][data-state="shown"]'],
  ['dashboard-own', '/d/vantage?from=now-5m&to=now&live=0', '.panel[data-state="shown"]'],
  ['dashboard-api', '/d/api?from=now-1h&to=now&live=0', '.panel[data-state="shown"]'],
  ['hosts', HOSTS, '.host-list tbody tr'],
  ['host', `${HOST}&live=0`, '[data-panel="cpu"][data-state="shown"]'],
  ['service', '/services/payments?from=now-1h&to=now', '[data-panel="latency"] .chart-host[aria-label*="Meanwhile"]'],
  ['service-traces', '/services/payments/traces?from=now-1h&to=now&live=0', '[data-panel="distribution"] canvas'],
  ['service-operations', '/services/payments/operations?from=now-1h&to=now&live=0', 'tbody tr'],
  ['service-logs', '/services/payments/logs?from=now-1h&to=now&live=0', '[data-panel="lines"] li'],
  ['service-metrics', '/services/ledger/metrics?from=now-5m&to=now&live=0', 'tbody tr'],
  ['service-dependencies', '/services/payments/dependencies?from=now-1h&to=now&live=0', 'tbody tr'],
  ['service-deploys', '/services/payments/deploys?from=now-1h&to=now&live=0', 'tbody tr'],
]

describe.skipIf(!hasChromium)('every screen of dashboards, hosts and tabs', () => {
  test('axe finds nothing', { timeout: 240_000 }, () => expectAccessible(stand, screens))

  test('fits 390 and 1440 px; one sheet shows them all', { timeout: 240_000 }, async () => {
    const pictured = screens.filter(([name]) => name !== 'service-traces')
    await takePictures(stand, pictured, 'contact-sheet-boards.png')
  })

  test('all panels of a phone are as wide as it', async () => {
    const page = await stand.open('/d/service?from=now-1h&to=now&live=0', { size: PHONE })
    await page.locator('.panel').first().waitFor()
    const widths = await page
      .locator('.panel:not([data-kind="stat"])')
      .evaluateAll((all) => all.map((one) => one.clientWidth))
    expect(Math.min(...widths)).toBeGreaterThan(330)
    await page.context().close()
  })

  test('no page has complained', () => {
    expect(stand.complaints.filter((one) => !/503|400|404/.test(one))).toEqual([])
  })
})
