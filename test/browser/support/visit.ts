import type { Page } from 'playwright-core'

/** As a link does: the page stays. */
export async function visit(page: Page, path: string): Promise<void> {
  await page.evaluate(
    `history.pushState(null, '', ${JSON.stringify(path)}); dispatchEvent(new PopStateEvent('popstate'))`,
  )
}

/** By way of a screen that asks nothing, so that each starts anew. */
export async function visitAnew(page: Page, path: string): Promise<void> {
  await visit(page, '/nowhere')
  await visit(page, path)
}
