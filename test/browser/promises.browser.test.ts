/** Set: test, 15 s. Small promises of the screens that no other file keeps. */
import { once } from 'node:events'
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasChromium, type Stand, send, startStand } from './support/dashboard.ts'
import { SOON } from './support/soon.ts'

const EXAMPLES = join(import.meta.dirname, '../../examples/dashboards')

const QUEUE_BOARD = {
  version: 1,
  id: 'queue',
  title: 'Queue',
  panels: [
    {
      id: 'depth',
      kind: 'stat',
      title: 'Depth',
      place: { x: 0, y: 0, width: 6, height: 4 },
      queries: [{ text: 'max(queue_depth)' }],
    },
  ],
}

let stand: Stand
let folder: string

beforeAll(async () => {
  if (!hasChromium) return
  folder = await mkdtemp(join(tmpdir(), 'vantage-board-'))
  await writeFile(join(folder, 'queue.json'), JSON.stringify(QUEUE_BOARD))
  await copyFile(join(EXAMPLES, 'executions.json'), join(folder, 'executions.json'))
  stand = await startStand({ VANTAGE_DASHBOARDS_DIRECTORY: folder, VANTAGE_SELF_ENABLED: 'false' })
})

afterAll(async () => {
  if (!hasChromium) return
  await stand.close()
  await rm(folder, { recursive: true, force: true })
})

function sendDepth(value: number, timeMs = Date.now()): Promise<void> {
  return send(stand.server, [{ metric: 'queue_depth', timeMs, value, tags: {} }])
}

/** A way to the server that can be cut. */
async function startBridge(serverUrl: string) {
  const sockets = new Set<Socket>()
  const bridge = createServer((near) => {
    const far = connect(Number(new URL(serverUrl).port), '127.0.0.1')
    for (const [socket, other] of [[near, far] as const, [far, near] as const]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => other.destroy())
      socket.pipe(other)
    }
  })
  const listen = async (port: number) => {
    bridge.listen(port, '127.0.0.1')
    await once(bridge, 'listening')
    return (bridge.address() as AddressInfo).port
  }
  const port = await listen(0)
  return {
    url: `http://127.0.0.1:${port}`,
    cut: async () => {
      const closed = once(bridge, 'close')
      bridge.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
    mend: () => listen(port),
  }
}

describe.skipIf(!hasChromium)('promises', () => {
  test('the theme is chosen, and stays over a reload', async () => {
    const context = await stand.browser.newContext({ colorScheme: 'dark' })
    const page = await context.newPage()
    await page.goto(`${stand.server.url}/setup`)
    const theme = () => page.evaluate<string>('document.documentElement.dataset.theme')
    expect(await theme()).toBe('dark')
    await page.getByRole('button', { name: 'Theme' }).click()
    await page.getByRole('menuitemradio', { name: 'Light' }).click()
    await expect.poll(theme).toBe('light')
    await page.reload()
    expect(await theme()).toBe('light')
    await page.emulateMedia({ colorScheme: 'dark' })
    expect(await theme()).toBe('light')
    await context.close()
  })

  test('an open dashboard asks again within 15 seconds, without being touched', async () => {
    await sendDepth(7, Date.now() - 30_000)
    const page = await stand.browser.newPage()
    await page.clock.install()
    await page.goto(`${stand.server.url}/d/queue?from=now-5m&to=now`)
    const value = page.locator('[data-panel="depth"] .stat-value')
    await expect.poll(() => value.textContent(), SOON).toMatch(/^7\s*$/)
    await sendDepth(8)
    await page.clock.fastForward(15_000)
    await expect.poll(() => value.textContent(), SOON).toMatch(/^8\s*$/)
    await page.context().close()
  })

  test('runs of integration jobs become panels, from the file that they come in to the screen', async () => {
    const nowMs = Date.now()
    const sentence = (ms: number) => new Date(ms).toISOString().replace('Z', '')
    const runs = ['Zoho', 'PowerBI', 'PowerBI', 'PowerBI'].map((source, i) => ({
      ...{ Entreprise: 'Northwind', No_Sequence: `s-${i}`, Objet_Id: i, Source: source },
      ...(source === 'Zoho' ? { Etat: 'FAILED', Description: 'Erreur: HTTP 429' } : { Etat: 'SUCCESS' }),
      ...{ Debut: sentence(nowMs - 120_000), Fin: sentence(nowMs - 60_000), 'cpu_time (sec)': '30' },
    }))
    const taken = await fetch(`${stand.server.url}/ingest/file`, { method: 'POST', body: JSON.stringify(runs) })
    expect(taken.status).toBe(200)
    const page = await stand.open('/d/executions?from=now-15m&to=now', { size: { width: 1440, height: 1200 } })
    const panel = (id: string) => page.locator(`[data-panel="${id}"][data-state="shown"]`)
    await panel('succeeded').getByText('75').first().waitFor()
    await panel('errors').getByText('Zoho · HTTP 429').first().waitFor()
    await panel('sources').getByText('PowerBI').first().waitFor()
    await panel('entries').getByText('s-0').first().waitFor()
    await panel('runs').getByText('PowerBI').first().waitFor()
    await page.context().close()
  })

  test('Live connects again by itself when its connection was cut, and goes on with new samples', async () => {
    await sendDepth(1)
    const bridge = await startBridge(stand.server.url)
    const page = await stand.browser.newPage()
    await page.goto(`${bridge.url}/live?q=${encodeURIComponent('{__name__="queue_depth"}')}`)
    await page.getByRole('heading', { name: 'queue_depth' }).waitFor()
    await bridge.cut()
    await page.getByText(/The connection is lost/).waitFor()
    await bridge.mend()
    await page.getByText(/The connection is lost/).waitFor({ state: 'detached' })
    await sendDepth(431)
    await page.getByRole('button', { name: /^Latest values of queue_depth/ }).click()
    await expect.poll(() => page.locator('.strip-table tbody').textContent(), SOON).toContain('431')
    await page.context().close()
    await bridge.cut()
  })
})
