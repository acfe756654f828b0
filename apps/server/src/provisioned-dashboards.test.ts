import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ProvisionedDashboards } from './provisioned-dashboards.ts'

let directory = ''

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vantage-dashboards-'))
})

afterEach(() => rmSync(directory, { recursive: true }))

const write = (name: string, content: unknown) => {
  writeFileSync(join(directory, name), typeof content === 'string' ? content : JSON.stringify(content))
}
const titles = async (found: ProvisionedDashboards) =>
  (await found.find()).dashboards.map(({ document }) => document.title)

test('those of the product are good documents', async () => {
  const { dashboards, refused } = await new ProvisionedDashboards(undefined).find()
  expect(refused).toEqual([])
  expect(dashboards.map(({ document: { id } }) => id)).toEqual(['api', 'host', 'service', 'vantage'])
  expect(dashboards.every(({ isBuiltIn, document: { panels } }) => isBuiltIn && panels.length > 5)).toBe(true)
})

test('a folder adds its own, replaces by id, and names what it cannot take', async () => {
  write('mine.json', { version: 1, id: 'mine', title: 'Mine' })
  write('again.json', { version: 1, id: 'mine', title: 'Mine again' })
  write('host.json', { version: 1, id: 'host', title: 'Our hosts' })
  write('broken.json', '{"version":')
  write('old.json', { version: 7, id: 'old', title: 'Old' })
  write('large.json', `"${'x'.repeat(1_048_576)}"`)
  write('notes.txt', 'no dashboard')
  const { dashboards, refused } = await new ProvisionedDashboards(directory).find()
  expect(dashboards.filter(({ isBuiltIn }) => !isBuiltIn).map(({ document }) => document.title)).toEqual([
    'Mine again',
    'Our hosts',
  ])
  expect(refused.map(({ file, message }) => `${file} ${message}`)).toEqual([
    expect.stringMatching(/^broken\.json want JSON: /),
    'large.json want at most 1048576 bytes, got 1048578',
    'old.json version: want 1, got 7',
    'mine.json id: again.json holds mine already',
  ])
})

test('a file that changes is read again', async () => {
  const found = new ProvisionedDashboards(directory)
  write('mine.json', { version: 1, id: 'mine', title: 'Before' })
  expect(await titles(found)).toContain('Before')
  write('mine.json', { version: 1, id: 'mine', title: 'Behind' })
  utimesSync(join(directory, 'mine.json'), 1, 1)
  expect(await titles(found)).toContain('Behind')
  expect(await titles(found)).not.toContain('Before')
})

test('a folder that is not there is said, and the others are', async () => {
  const { dashboards, refused } = await new ProvisionedDashboards(join(directory, 'none')).find()
  expect(dashboards.length).toBe(4)
  expect(refused).toEqual([{ file: '', message: 'dashboards.directory: want a folder that can be read, got ENOENT' }])
})
