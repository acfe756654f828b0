import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'

interface Sizes {
  readonly shellBytes: number
  readonly routes: readonly { readonly page: string; readonly bytes: number }[]
  readonly lazy: readonly { readonly page: string; readonly bytes: number }[]
}

test('a first visit loads at most 180 kB, each screen at most 80 kB more, and the editor comes on demand', async () => {
  const root = resolve(import.meta.dirname, '..')
  const { buildDashboard } = (await import(join(root, 'build.mjs'))) as {
    buildDashboard(outDir: string): Promise<{ sizes: Sizes }>
  }
  const { BUNDLE_BUDGETS } = (await import(join(root, 'bundle-sizes.mjs'))) as {
    BUNDLE_BUDGETS: { shellBytes: number; routeBytes: number }
  }
  const outDir = await mkdtemp(join(tmpdir(), 'vantage-bundle-'))
  try {
    const { sizes } = await buildDashboard(outDir)
    expect(sizes.shellBytes).toBeLessThanOrEqual(BUNDLE_BUDGETS.shellBytes)
    expect(sizes.shellBytes).toBeGreaterThan(50_000)
    expect(sizes.routes.map(({ page }) => page)).toContain('src/explore/page.tsx')
    expect(sizes.routes.filter(({ bytes }) => bytes > BUNDLE_BUDGETS.routeBytes)).toEqual([])
    expect(sizes.lazy.map(({ page }) => page)).toContain('src/explore/editor.tsx')
  } finally {
    await rm(outDir, { recursive: true, force: true })
  }
})
