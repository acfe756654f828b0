import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { inTransaction, openDatabase } from './database.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vantage-catalogue-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

test('what lies on disk is what it says: after many changes no more than the file and the last of them', () => {
  const { database } = openDatabase(join(directory, 'c.sqlite'), 1)
  database.exec('CREATE TABLE parts (id INTEGER PRIMARY KEY, name TEXT) STRICT')
  const insert = database.prepare('INSERT INTO parts (name) VALUES (?)')
  for (let i = 0; i < 50; i++) {
    inTransaction(database, () => {
      database.exec('DELETE FROM parts')
      insert.run(`part-${i}`)
    })
  }
  expect(readdirSync(directory).sort()).toEqual(['c.sqlite', 'c.sqlite-wal'])
  const bytes = readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0)
  expect(bytes).toBeLessThan(10_000)
  database.close()
  expect(readdirSync(directory)).toEqual(['c.sqlite'])
})

test('one opener has the file to itself', () => {
  const path = join(directory, 'c.sqlite')
  const { database } = openDatabase(path, 1)
  database.exec('CREATE TABLE parts (id INTEGER PRIMARY KEY) STRICT')
  expect(() => openDatabase(path, 1)).toThrow(/locked/)
  database.close()
  openDatabase(path, 1).database.close()
})
