import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HOSTILE, hasChromium, PHONE, type Stand, sendTrace, startStand, violations } from './support/dashboard.ts'
import { expectAccessible, type Screen, takePictures } from './support/pictures.ts'

let stand: Stand

beforeAll(async () => {
  if (!hasChromium) return
  stand = await startStand()
  await sendTrace(stand.server)
})

afterAll(async () => {
  if (hasChromium) await stand.close()
})

const LOGS = `/explore/logs?q=${encodeURIComponent('{service_name="payments"}')}&from=now-15m&to=now`
const apiPath = '/api/vantage/v1/views'

async function openLogs(path = LOGS) {
  const page = await stand.open(path)
  await page.locator('.log-row').first().waitFor()
  return page
}

describe.skipIf(!hasChromium)('saved views', () => {
  test('a screen is saved by keyboard, found in the palette and on Home, changed, updated and discarded', async () => {
    const page = await openLogs()
    await page.keyboard.press('Control+s')
    await page.getByLabel('Save this view as').fill('Declined cards')
    await page.keyboard.press('Enter')
    await page.getByText('Saved: Declined cards').waitFor()
    await page.getByRole('button', { name: 'Saved view: Declined cards', exact: true }).waitFor()
    await page.waitForURL('**saved=*')

    await page.getByLabel('LogQL query').fill('{service_name="payments"} |= "declined"')
    await page.keyboard.press('Enter')
    await page.waitForURL('**declined*')
    await page.getByRole('button', { name: 'Saved view: Declined cards, with changes not saved' }).click()
    await page.getByRole('button', { name: 'Discard' }).click()
    await page.getByRole('button', { name: 'Saved view: Declined cards', exact: true }).waitFor()
    expect(page.url()).not.toContain('declined')
    await page.goBack()
    await page.getByRole('button', { name: /with changes not saved/ }).click()
    await page.getByRole('button', { name: 'Update' }).click()
    await page.getByText('Updated: Declined cards').waitFor()

    await page.goto(`${stand.server.url}/?from=now-5m&to=now`)
    await page.locator('.home-views').getByRole('link', { name: 'Declined cards' }).click()
    await page.waitForURL('**declined*')
    expect(new URL(page.url()).searchParams.get('from')).toBe('now-15m')
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Search or jump' }).fill('declined cards')
    await page.getByRole('option', { name: /Declined cards/ }).click()
    await page.getByRole('button', { name: 'Saved view: Declined cards', exact: true }).waitFor()
    await page.context().close()
  })

  test('a second view of the same name is refused in words; saved as another it is there', async () => {
    const page = await openLogs()
    await page.getByRole('button', { name: 'Save view' }).click()
    await page.getByLabel('Save this view as').fill('Declined cards')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('there is a view "Declined cards" already').waitFor()
    await page.getByLabel('Save this view as').fill(HOSTILE)
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText(`Saved: ${HOSTILE}`).waitFor()
    expect(await page.locator('.view-name img').count()).toBe(0)
    await page.context().close()
  })

  test('a deleted view comes back with Undo', async () => {
    const page = await stand.open('/')
    await page.getByRole('button', { name: 'Delete Declined cards' }).click()
    await page.getByText('Deleted: Declined cards').waitFor()
    await page.getByRole('link', { name: 'Declined cards' }).waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.locator('.home-views').getByRole('link', { name: 'Declined cards' }).waitFor()
    await page.context().close()
  })

  test('where the server fails, saving says so and keeps the name; Home goes on', async () => {
    const page = await openLogs()
    await page.route(`**${apiPath}*`, (route) =>
      route.fulfill({ status: 503, body: '{"error":{"message":"no disk"}}' }),
    )
    await page.getByRole('button', { name: /^Save view|^Saved view/ }).click()
    await page.getByLabel('Save this view as').fill('Another')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByText('no disk').waitFor()
    expect(await page.getByLabel('Save this view as').inputValue()).toBe('Another')
    await page.context().close()
  })

  test('the menu is accessible in both themes and fits a phone', async () => {
    for (const theme of ['dark', 'light'] as const) {
      const page = await stand.open(LOGS, { theme, size: PHONE })
      await page.locator('.log-row').first().waitFor()
      await page.getByRole('button', { name: 'Save view' }).click()
      await page.locator('.view-panel').waitFor()
      expect(await violations(page, '.view-panel')).toEqual([])
      const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
      expect(overflow).toBeLessThanOrEqual(0)
      await page.context().close()
    }
  })
})

describe.skipIf(!hasChromium)('a view with changes', () => {
  const screens: readonly Screen[] = [['views', `${LOGS}&saved=kept`, '.view-dot']]
  test('is accessible and fits 390 and 1440 px', { timeout: 120_000 }, async () => {
    const draft = {
      name: 'Payments, last hour',
      path: '/explore/logs',
      search: 'q=%7Bservice_name%3D%22payments%22%7D',
    }
    await fetch(`${stand.server.url}${apiPath}/kept`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(draft),
    })
    await expectAccessible(stand, screens)
    await takePictures(stand, screens, 'contact-sheet-views.png')
  })
})

test.skipIf(!hasChromium)(
  'the API is in the document, refuses what is no view, and keeps tenants apart by key',
  async () => {
    const url = `${stand.server.url}${apiPath}`
    const bad = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'x', path: 'https://evil.example' }),
    })
    expect(bad.status).toBe(400)
    expect(await bad.text()).toContain('path: want a path of this page')
    const document = (await (await fetch(`${stand.server.url}/openapi.json`)).json()) as {
      paths: Record<string, object>
    }
    expect(Object.keys(document.paths[apiPath] ?? {})).toEqual(['get', 'post'])
    expect(Object.keys(document.paths[`${apiPath}/{id}`] ?? {})).toEqual(['put', 'delete'])
  },
)
