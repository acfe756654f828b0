import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { testSeed, testSet } from '../../../packages/model/src/testing/index.ts'
import { contactSheet, DESKTOP, OUTPUT_DIR, PHONE, type Stand, type Theme, violations } from './dashboard.ts'

/** Name, path, and what stands on it once it is drawn. */
export type Screen = readonly [name: string, path: string, ready: string]

export interface Picture {
  readonly name: string
  readonly png: Buffer
}

const THEMES: readonly Theme[] = ['dark', 'light']
/** Both themes on a desk and on a phone. */
const LOOKS = THEMES.flatMap((theme) => [DESKTOP, PHONE].map((size) => ({ theme, size })))
const UPDATES_GUIDE = process.env['UPDATE_GUIDE'] === '1'
/** In the quick set each screen has one look, which the seed chooses. */
const HAS_ONE_LOOK = testSet() === 'test' && !UPDATES_GUIDE
const SEED = testSeed()
/** Of menus and dialogs: both; in the quick set the one that the seed chooses. */
export const MENU_THEMES: readonly Theme[] = HAS_ONE_LOOK ? [THEMES[SEED % THEMES.length] as Theme] : THEMES
/** Charts and fonts are drawn by then. */
const SETTLED_MS = 1_300

/** Pages that are open at once: each waits more than it works. */
const AT_ONCE = 3

/** Does the work of all items, a few at a time. @returns the results in the order of the items */
async function several<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) results[at] = await work(items[at] as Item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return results
}

/** Every screen in every look; in the quick set in one of them each, so that all of them come up among the screens. */
function looksOf<Look>(screens: readonly Screen[], looks: readonly Look[]): { screen: Screen; look: Look }[] {
  if (!HAS_ONE_LOOK) return looks.flatMap((look) => screens.map((screen) => ({ screen, look })))
  console.log(`seed ${SEED}`)
  return screens.map((screen, i) => ({ screen, look: looks[(SEED + i) % looks.length] as Look }))
}

/** axe finds nothing on any of the screens, in both themes. */
export async function expectAccessible(stand: Stand, screens: readonly Screen[]): Promise<void> {
  await several(looksOf(screens, THEMES), async ({ look: theme, screen: [name, path, ready] }) => {
    const page = await stand.open(path, { theme })
    await page.locator(ready).first().waitFor()
    expect(await violations(page), `${name} ${theme}`).toEqual([])
    await page.context().close()
  })
}

/** What is done and looked at on a screen before its picture is taken. */
type BeforePicture = (page: Page, name: string) => Promise<void>

/** All screens in both themes at 390 and 1440 px, none of them too wide, on one sheet; `UPDATE_GUIDE=1` renews the guide's. */
export async function takePictures(
  stand: Stand,
  screens: readonly Screen[],
  sheet: string,
  beforeEach: BeforePicture = async () => {},
): Promise<void> {
  const pictures = await several(looksOf(screens, LOOKS), ({ look: { theme, size }, screen }) =>
    pictureOf(stand, screen, theme, size, beforeEach),
  )
  await contactSheet(stand.browser, pictures, join(OUTPUT_DIR, sheet))
  await updateGuide(screens, pictures)
}

async function pictureOf(
  stand: Stand,
  [name, path, ready]: Screen,
  theme: Theme,
  size: typeof DESKTOP,
  beforeEach: BeforePicture,
): Promise<Picture> {
  const page = await stand.open(path, { theme, size })
  await page.locator(ready).first().waitFor()
  await beforeEach(page, name)
  await page.waitForTimeout(SETTLED_MS)
  const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
  expect(overflow, `${name} at ${size.width} px is too wide`).toBeLessThanOrEqual(0)
  const png = await page.screenshot()
  await page.context().close()
  return { name: `${name} ${theme} ${size.width}`, png }
}

async function updateGuide(screens: readonly Screen[], pictures: readonly Picture[]): Promise<void> {
  if (!UPDATES_GUIDE) return
  const guide = resolve(import.meta.dirname, '../../../docs/guide')
  const images = join(guide, 'images')
  await mkdir(images, { recursive: true })
  const pages = (await readdir(guide)).filter((name) => name.endsWith('.md'))
  const text = (await Promise.all(pages.map((name) => readFile(join(guide, name), 'utf8')))).join('')
  for (const [screen] of screens) {
    // Not every screen has its place there.
    if (!text.includes(`images/${screen}.png`)) continue
    const found = pictures.find((one) => one.name === `${screen} light ${DESKTOP.width}`)
    if (found !== undefined) await writeFile(join(images, `${screen}.png`), found.png)
  }
}
