import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { testSeed, testSet } from '../../../packages/model/src/testing/index.ts'
import {
  contactSheet,
  DESKTOP,
  type OpenOptions,
  OUTPUT_DIR,
  PHONE,
  type Stand,
  type Theme,
  violations,
} from './dashboard.ts'
import { visitAnew } from './visit.ts'

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

interface Look extends OpenOptions {
  readonly theme: Theme
}

/** Every screen in every look; in the quick set in one of them each, so that all of them come up among the screens. */
function looksOf<One extends Look>(screens: readonly Screen[], looks: readonly One[]): ReadonlyMap<One, Screen[]> {
  if (!HAS_ONE_LOOK) return new Map(looks.map((look) => [look, [...screens]]))
  console.log(`seed ${SEED}`)
  return Map.groupBy(screens, (screen) => looks[(SEED + screens.indexOf(screen)) % looks.length] as One)
}

/** Goes through the screens, in a page for each look. @returns what came of them */
async function eachScreen<One extends Look, Result>(
  stand: Stand,
  looks: ReadonlyMap<One, Screen[]>,
  work: (page: Page, name: string, look: One) => Promise<Result>,
): Promise<readonly Result[]> {
  const results = [...looks].map(async ([look, screens]) => {
    const page = await stand.open('/setup', look)
    // From then on it follows links.
    await page.locator('main h1').waitFor()
    const own: Result[] = []
    for (const [name, path, ready] of screens) {
      await visitAnew(page, path)
      await page.locator(ready).first().waitFor()
      own.push(await work(page, name, look))
    }
    await page.context().close()
    return own
  })
  return (await Promise.all(results)).flat()
}

/** axe finds nothing on any of the screens, in both themes. */
export async function expectAccessible(stand: Stand, screens: readonly Screen[]): Promise<void> {
  const looks = looksOf(
    screens,
    THEMES.map((theme) => ({ theme })),
  )
  await eachScreen(stand, looks, async (page, name, { theme }) => {
    expect(await violations(page), `${name} ${theme}`).toEqual([])
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
  const pictures = await eachScreen(stand, looksOf(screens, LOOKS), async (page, name, { theme, size }) => {
    await beforeEach(page, name)
    await page.waitForTimeout(SETTLED_MS)
    const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
    expect(overflow, `${name} at ${size.width} px is too wide`).toBeLessThanOrEqual(0)
    return { name: `${name} ${theme} ${size.width}`, png: await page.screenshot() }
  })
  await contactSheet(stand.browser, pictures, join(OUTPUT_DIR, sheet))
  await updateGuide(screens, pictures)
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
