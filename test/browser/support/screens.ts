import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { expect } from 'vitest'
import { contactSheet, DESKTOP, OUTPUT_DIR, PHONE, type Stand, violations } from './dashboard.ts'

/** Name, address, and what is there when it is drawn. */
export type Screen = readonly [name: string, path: string, ready: string]

const SETTLING_MS = 1_300

/** Every screen in both themes and sizes: none is too wide, one sheet shows them all, the guide gets its pictures. */
export async function expectScreensFit(
  stand: Stand,
  screens: readonly Screen[],
  sheet: string,
  beforeEach: () => Promise<void> = async () => {},
): Promise<void> {
  const pictures: { name: string; png: Buffer }[] = []
  for (const theme of ['dark', 'light'] as const) {
    for (const size of [DESKTOP, PHONE]) {
      for (const [name, path, ready] of screens) {
        const page = await stand.open(path, { theme, size })
        await page.locator(ready).first().waitFor()
        await beforeEach()
        await page.waitForTimeout(SETTLING_MS)
        const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
        expect(overflow, `${name} at ${size.width} px is too wide`).toBeLessThanOrEqual(0)
        pictures.push({ name: `${name} ${theme} ${size.width}`, png: await page.screenshot() })
        await page.context().close()
      }
    }
  }
  await contactSheet(stand.browser, pictures, join(OUTPUT_DIR, `${sheet}.png`))
  await updateGuide(screens, pictures)
}

/** `UPDATE_GUIDE=1` renews the pictures that the guide shows. */
async function updateGuide(
  screens: readonly Screen[],
  pictures: readonly { readonly name: string; readonly png: Buffer }[],
): Promise<void> {
  if (process.env['UPDATE_GUIDE'] !== '1') return
  const guide = resolve(import.meta.dirname, '../../../docs/guide')
  const images = join(guide, 'images')
  await mkdir(images, { recursive: true })
  const pages = (await readdir(guide)).filter((name) => name.endsWith('.md'))
  const text = (await Promise.all(pages.map((name) => readFile(join(guide, name), 'utf8')))).join('')
  for (const [screen] of screens) {
    if (!text.includes(`images/${screen}.png`)) continue
    const found = pictures.find((one) => one.name === `${screen} light ${DESKTOP.width}`)
    if (found !== undefined) await writeFile(join(images, `${screen}.png`), found.png)
  }
}

/** What axe finds on screens in one theme: nothing. */
export async function expectAccessible(
  stand: Stand,
  screens: readonly Screen[],
  theme: 'dark' | 'light',
): Promise<void> {
  for (const [name, path, ready] of screens) {
    const page = await stand.open(path, { theme })
    await page.locator(ready).first().waitFor()
    expect(await violations(page), `${name} ${theme}`).toEqual([])
    await page.context().close()
  }
}
