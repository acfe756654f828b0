import { type FileSystem, labelsFromRecord, labelsKey, readFileNow, systemClock } from '@vantage/model'
import { FaultFileSystem } from '@vantage/model/testing'
import { Logger } from '@vantage/observe'
import { expect, test } from 'vitest'
import { type PushGroup, PushGroups } from './push-groups.ts'

const DIRECTORY = '/data/push-groups'
const GROUPS_MAX = 10_000

function open(files: FileSystem | undefined) {
  const lines: string[] = []
  const logger = new Logger((line) => lines.push(line), systemClock)
  const groups = new PushGroups(files === undefined ? undefined : { files, directory: DIRECTORY }, logger)
  return { groups, lines, names: (key: string) => groups.inTurn(key, async () => namesOf(groups.get(key))) }
}

function group(names: readonly string[], lastMs = 1): PushGroup {
  const all = names.map((name) => labelsFromRecord({ __name__: name, job: 'j' }))
  return { series: new Map(all.map((labels) => [labelsKey(labels), labels])), lastMs, failureSeconds: 0 }
}

const namesOf = ({ series }: PushGroup) => [...series.values()].map((labels) => labels[1])

test('a group is there after a restart, a deleted one is not', async () => {
  const files = new FaultFileSystem({ seed: 1 })
  const first = open(files)
  await first.groups.inTurn('a', () => first.groups.put('a', group(['x', 'y'])))
  await first.groups.inTurn('b', () => first.groups.put('b', group(['z'])))
  await first.groups.inTurn('b', () => first.groups.delete('b'))
  const again = open(files)
  expect([await again.names('a'), await again.names('b')]).toEqual([['x', 'y'], []])
  expect(files.list(DIRECTORY)).toHaveLength(1)
})

test('the same series again write nothing', async () => {
  const files = new FaultFileSystem({ seed: 1 })
  const { groups } = open(files)
  await groups.put('a', group(['x'], 1))
  const path = `${DIRECTORY}/${files.list(DIRECTORY)[0]}`
  const before = Buffer.from(readFileNow(files, path)).toString()
  await groups.put('a', group(['x'], 2))
  expect(Buffer.from(readFileNow(files, path)).toString()).toBe(before)
  await groups.put('a', group(['x', 'y'], 3))
  expect(Buffer.from(readFileNow(files, path)).toString()).not.toBe(before)
})

test.each<readonly [string, string]>([
  ['no JSON', '{"version":1,'],
  ['null', 'null'],
  ['another version', '{"version":2,"key":"a","lastMs":1,"failureSeconds":0,"series":[]}'],
  ['no key', '{"version":1,"lastMs":1,"failureSeconds":0,"series":[]}'],
  ['labels that are none', '{"version":1,"key":"a","lastMs":1,"failureSeconds":0,"series":[["x"]]}'],
])('a file that is %s is forgotten with a warning, the others are read', async (_name, text) => {
  const files = new FaultFileSystem({ seed: 1 })
  const first = open(files)
  await first.groups.put('good', group(['x']))
  files.setContent(`${DIRECTORY}/${'0'.repeat(32)}.json`, Buffer.from(text))
  files.setContent(`${DIRECTORY}/tmp-left-behind.json`, Buffer.from(''))
  const again = open(files)
  expect(await again.names('good')).toEqual(['x'])
  expect(again.lines.join('')).toContain('a group of pushes is forgotten')
  expect(files.list(DIRECTORY)).toHaveLength(1)
})

test('the one pushed longest ago goes first, its file too', async () => {
  const files = new FaultFileSystem({ seed: 1 })
  const { groups } = open(files)
  for (let i = 0; i <= GROUPS_MAX; i++) await groups.put(`g${i}`, group(['x'], i + 1))
  expect([namesOf(groups.get('g0')), namesOf(groups.get('g1'))]).toEqual([[], ['x']])
  expect(files.list(DIRECTORY)).toHaveLength(GROUPS_MAX)
  const again = open(files)
  expect([await again.names('g0'), await again.names(`g${GROUPS_MAX}`)]).toEqual([[], ['x']])
})

test('a full disk costs the end after a restart, not the push', async () => {
  const files = new FaultFileSystem({ seed: 1, capacityBytes: 0 })
  const { groups, lines, names } = open(files)
  await groups.put('a', group(['x']))
  expect(await names('a')).toEqual(['x'])
  expect(lines.join('')).toContain('a group of pushes was not written')
  expect(await open(files).names('a')).toEqual([])
})

test('changes of one group follow each other, also behind one that failed', async () => {
  const { groups } = open(undefined)
  const order: string[] = []
  const slow = groups.inTurn('a', async () => {
    await new Promise((resume) => setImmediate(resume))
    order.push('first')
    throw new Error('refused')
  })
  const next = groups.inTurn('a', async () => void order.push('second'))
  await expect(slow).rejects.toThrow('refused')
  await next
  expect(order).toEqual(['first', 'second'])
})
