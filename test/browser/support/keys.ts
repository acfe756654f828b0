import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { violations } from './dashboard.ts'
import { MENU_THEMES } from './pictures.ts'
import { SOON } from './soon.ts'

/** As many presses of Tab as the longest way on a screen takes. */
const TABS_MAX = 200

/**
 * One step of a person who has keys alone: `to …` presses Tab until that has the focus, `type …` writes, `see …` waits until it is
 * there, `gone …` until it is not, `at …` until the address says so, `on …` until that has the focus, `axe …` looks for what it breaks of the
 * rules of accessibility; all else is a key. Of a person
 * with a pointer: `click …`, `give VALUE …` to a field and `choose VALUE …` of a list.
 */
export async function step(page: Page, text: string): Promise<void> {
  const [word = '', rest = ''] = /^(to|type|see|gone|at|on|axe|click|give|choose) (.*)$/.exec(text)?.slice(1) ?? []
  if (word === 'type') await page.keyboard.type(rest)
  else if (word === 'see') await page.locator(rest).first().waitFor()
  else if (word === 'gone') await page.locator(rest).waitFor({ state: 'detached' })
  else if (word === 'at')
    await expect.poll(() => decodeURIComponent(page.url().replaceAll('+', ' ')), SOON).toContain(rest)
  else if (word === 'on') await expect.poll(() => isFocused(page, rest), { ...SOON, message: text }).toBe(true)
  else if (word === 'to') await tabTo(page, rest)
  else if (word === 'axe') await expectAccessible(page, rest)
  else if (word === 'click') await page.locator(rest).first().click()
  else if (word === 'give' || word === 'choose') await fillIn(page, word, rest)
  else await page.keyboard.press(text)
}

/** In both themes; in the quick set in the one that the seed chooses. */
async function expectAccessible(page: Page, within: string): Promise<void> {
  const put = (theme: string) => page.evaluate<string>(`document.documentElement.dataset.theme = '${theme}'`)
  const before = await page.evaluate<string>('document.documentElement.dataset.theme')
  await page.locator(within).first().waitFor()
  for (const theme of MENU_THEMES) {
    await put(theme)
    expect(await violations(page, within), `${within} ${theme}`).toEqual([])
  }
  await put(before)
}

async function fillIn(page: Page, how: 'give' | 'choose', text: string): Promise<void> {
  const [value = '', selector = ''] = /^(\S+) (.*)$/.exec(text)?.slice(1) ?? []
  const field = page.locator(selector).first()
  await (how === 'give' ? field.fill(value) : field.selectOption(value))
}

async function tabTo(page: Page, selector: string): Promise<void> {
  await page.locator(selector).first().waitFor()
  for (let i = 0; i < TABS_MAX; i++) {
    if (await isFocused(page, selector)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`${TABS_MAX} times Tab do not lead to ${selector}`)
}

function isFocused(page: Page, selector: string): Promise<boolean> {
  return page.evaluate<boolean>(`document.activeElement?.matches(${JSON.stringify(selector)}) === true`)
}
