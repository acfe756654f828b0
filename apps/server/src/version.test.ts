import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { VERSION } from './version.ts'

const CHECKOUT = resolve(import.meta.dirname, '../../..')

test('every package of the workspace has the product version', () => {
  const paths = globSync('{packages,apps}/*/package.json', { cwd: CHECKOUT })
  expect(paths.length).toBeGreaterThan(10)
  for (const path of paths) {
    const { version } = JSON.parse(readFileSync(join(CHECKOUT, path), 'utf8')) as { version: string }
    expect([path, version]).toEqual([path, VERSION])
  }
})
