import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'

const CHECKOUT = resolve(import.meta.dirname, '..')

test('the build takes along the dashboards that come with the product', () => {
  const output = execFileSync(process.execPath, [join(CHECKOUT, 'tools/bootstrap.mjs'), 'prepare'], { stdio: 'pipe' })
  const built = join(output.toString().trim(), 'dashboards')
  const source = join(CHECKOUT, 'apps/server/src/dashboards')
  const names = readdirSync(source)
  expect(names.length).toBeGreaterThan(3)
  expect(readdirSync(built)).toEqual(names)
  for (const name of names) expect(readFileSync(join(built, name))).toEqual(readFileSync(join(source, name)))
})
