import { describe, expect, test } from 'vitest'
import { replaceFileNow, writeAllNow } from '../file-system.ts'
import { FaultFileSystem } from './fault-file-system.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)
const SEEDS = Array.from({ length: 200 }, (_, seed) => seed)

/** The states in which `/d/f` may be after the power went, over many seeds. */
function statesOf(prepare: (files: FaultFileSystem) => void): Set<string> {
  return new Set(
    SEEDS.map((seed) => {
      const files = new FaultFileSystem({ seed })
      files.makeDirectory('/d')
      prepare(files)
      const after = files.powerLoss(seed)
      return after.exists('/d/f') ? new TextDecoder().decode(after.contentOf('/d/f')) : 'absent'
    }),
  )
}

describe('FaultFileSystem', () => {
  test('nothing synced: the name, the bytes or both may be lost', () => {
    const states = statesOf((files) => writeAllNow(files.open('/d/f', 'create'), bytesOf('new'), 0))
    expect(states).toEqual(new Set(['absent', '', 'new']))
  })

  test('bytes and name synced: all is kept', () => {
    const states = statesOf((files) => {
      const file = files.open('/d/f', 'create')
      writeAllNow(file, bytesOf('new'), 0)
      file.syncNow()
      files.syncDirectoryNow('/d')
    })
    expect(states).toEqual(new Set(['new']))
  })

  test('an overwrite after the sync may be kept or lost', () => {
    const states = statesOf((files) => {
      files.setContent('/d/f', bytesOf('old'))
      writeAllNow(files.open('/d/f', 'write'), bytesOf('new'), 0)
    })
    expect(states).toEqual(new Set(['old', 'new']))
  })

  test('a synced write is kept, and none that came before it', () => {
    const states = statesOf((files) => {
      files.setContent('/d/f', bytesOf('....'))
      writeAllNow(files.open('/d/f', 'write'), bytesOf('old'), 0)
      writeAllNow(files.open('/d/f', 'writeSynced'), bytesOf('new'), 3)
    })
    expect(states).toEqual(new Set(['...new', 'oldnew']))
  })

  test('sectors tear on their own', () => {
    const states = statesOf((files) => {
      files.setContent('/d/f', new Uint8Array(1024).fill(97))
      writeAllNow(files.open('/d/f', 'write'), new Uint8Array(1024).fill(98), 0)
    })
    expect(states).toEqual(
      new Set(['aa', 'ab', 'ba', 'bb'].map((state) => [...state].map((c) => c.repeat(512)).join(''))),
    )
  })

  test('replaceFileNow leaves the old or the new content', () => {
    const states = statesOf((files) => {
      files.setContent('/d/f', bytesOf('old'))
      replaceFileNow(files, '/d', 'f', bytesOf('new'))
    })
    expect(states).toEqual(new Set(['new']))
  })

  test('a renamed directory takes its files along, once its parent is synced', () => {
    const states = statesOf((files) => {
      files.makeDirectory('/tmp-d')
      const file = files.open('/tmp-d/f', 'create')
      writeAllNow(file, bytesOf('new'), 0)
      file.syncNow()
      files.syncDirectoryNow('/tmp-d')
      files.rename('/tmp-d', '/d')
    })
    expect(states).toEqual(new Set(['absent', 'new']))
  })

  test('a full disk takes what fits, then fails; a failed sync loses what it was about', () => {
    const files = new FaultFileSystem({ seed: 1, capacityBytes: 10 })
    const file = files.open('/f', 'create')
    expect(file.writeNow(bytesOf('0123456789ab'), 0, 12, 0)).toBe(10)
    expect(() => file.writeNow(bytesOf('x'), 0, 1, 10)).toThrow(expect.objectContaining({ code: 'ENOSPC' }))
    files.failSyncAt = 1
    expect(() => file.syncNow()).toThrow(expect.objectContaining({ code: 'EIO' }))
    file.syncNow()
  })
})
