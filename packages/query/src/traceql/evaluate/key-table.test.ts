import { expect, test } from 'vitest'
import { KeyTable } from './key-table.ts'

test('holds what a map holds, however many keys come', () => {
  for (const words of [2, 5]) {
    const table = new KeyTable(words)
    const map = new Map<string, number>()
    const key = new Int32Array(words)
    for (let i = 0; i < 5_000; i++) {
      // Some come twice; many differ in a high bit or in the last word alone.
      for (let word = 0; word < words; word++) key[word] = Math.imul(i % 3_500, word === 0 ? 1 << 20 : word)
      expect(table.get(key)).toBe(map.get(key.join()) ?? -1)
      table.set(key, i)
      map.set(key.join(), i)
    }
    for (const [text, place] of map) expect(table.get(Int32Array.from(text.split(','), Number))).toBe(place)
    expect(table.get(new Int32Array(words).fill(-1))).toBe(-1)
  }
})
