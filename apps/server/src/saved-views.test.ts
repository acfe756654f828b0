import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NodeFileSystem } from '@vantage/bytes'
import type { TenantId } from '@vantage/model'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SavedViews } from './saved-views.ts'

const [mine, theirs] = ['mine', 'theirs'] as unknown as [TenantId, TenantId]
let directory: string
let nowMs = 0
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vantage-views-'))
  nowMs = 1_000
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const open = () =>
  new SavedViews({ files: new NodeFileSystem(), directory, clock: { nowMs: () => nowMs, monotonicMs: () => 0 } })
const draft = (name: string) => ({ name, path: '/map', search: 'node=a' })

test('views survive a restart, by name, each of its tenant', () => {
  const views = open()
  const made = views.put(mine, undefined, draft('b'))
  views.put(mine, 'own-id', draft('a'))
  views.put(theirs, 'own-id', draft('a'))
  nowMs = 2_000
  views.put(mine, 'own-id', { ...draft('a'), search: '' })
  const again = open()
  expect(again.list(mine)).toEqual([
    { id: 'own-id', name: 'a', path: '/map', search: '', createdMs: 1_000, updatedMs: 2_000 },
    { ...draft('b'), id: made.ok ? made.value.id : '', createdMs: 1_000, updatedMs: 1_000 },
  ])
  expect(again.list(theirs)).toHaveLength(1)
  expect(again.remove(mine, 'own-id')).toBeUndefined()
  expect(again.remove(mine, 'own-id')).toMatchObject({ code: 'not_found' })
  expect(open().list(mine)).toHaveLength(1)
  expect(open().list(theirs)).toHaveLength(1)
})

test('a name is there once', () => {
  const views = open()
  views.put(mine, 'one', draft('a'))
  expect(views.put(mine, undefined, draft('a'))).toMatchObject({
    ok: false,
    error: { code: 'conflict', message: 'name: there is a view "a" already' },
  })
  expect(views.put(mine, 'one', draft('a'))).toMatchObject({ ok: true })
  expect(views.put(mine, 'one', draft('b'))).toMatchObject({ ok: true, value: { createdMs: 1_000 } })
})

test('a thousand are kept at most; one of them can still be replaced', () => {
  const views = Array.from({ length: 1_000 }, (_, i) => {
    return { tenant: 'mine', id: String(i), ...draft(String(i)), createdMs: 1, updatedMs: 1 }
  })
  writeFileSync(join(directory, 'saved-views.json'), JSON.stringify(views))
  const full = open()
  expect(full.put(mine, undefined, draft('new'))).toMatchObject({ ok: false, error: { code: 'conflict' } })
  expect(full.put(mine, '7', draft('new'))).toMatchObject({ ok: true })
  expect(full.put(theirs, undefined, draft('new'))).toMatchObject({ ok: true })
})

test('a file that is not ours is named, not overwritten', () => {
  writeFileSync(join(directory, 'saved-views.json'), '{}')
  expect(() => open().list(mine)).toThrow()
})
