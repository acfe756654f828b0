import { assert as present } from '@vantage/model'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { rangeDictionary } from './dictionary.ts'
import { nativeDictionary } from './native-dictionary.ts'

test('the SIMD module finds the entries and codes that the plain loop finds', () => {
  const native = nativeDictionary()
  present(native !== undefined, 'this machine has SIMD')
  const texts = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 30 })
  fc.assert(
    fc.property(texts, fc.array(fc.nat(), { maxLength: 300 }), fc.integer({ min: 1, max: 40 }), (all, picks, most) => {
      const starts: number[] = []
      let end = 0
      for (const one of all) {
        starts.push(end)
        end += one.length
      }
      const bytes = Uint8Array.from(Buffer.concat(all))
      const chosen = picks.map((pick) => pick % all.length)
      const from = Int32Array.from(chosen, (i) => starts[i] as number)
      const to = Int32Array.from(chosen, (i) => (starts[i] as number) + (all[i] as Uint8Array).length)
      native.forget()
      const wanted = rangeDictionary({ bytes, from, to }, from.length, most)
      const found = native.of({ bytes, from, to }, from.length, most)
      if (found === false) throw new Error('the bytes are few')
      expect(found && { codes: found.codes, entries: found.entries.map((one) => [...one]) }).toEqual(
        wanted && { codes: wanted.codes, entries: wanted.entries.map((one) => [...one]) },
      )
    }),
  )
})

test('columns over the same bytes are read from one copy, and the next row group from another', () => {
  const native = nativeDictionary()
  present(native !== undefined, 'this machine has SIMD')
  const bytes = Uint8Array.from(Buffer.from('aabbccdd'))
  const entriesOf = (from: number[], to: number[]) => {
    const found = native.of({ bytes, from: Int32Array.from(from), to: Int32Array.from(to) }, from.length, 16)
    return found === undefined || found === false ? found : found.entries.map((one) => Buffer.from(one).toString())
  }
  native.forget()
  expect(entriesOf([0, 2, 0], [2, 4, 2])).toEqual(['aa', 'bb'])
  expect(entriesOf([4, 6, 0], [6, 8, 2])).toEqual(['cc', 'dd', 'aa'])
  bytes.set(Buffer.from('eeff'))
  native.forget()
  expect(entriesOf([0, 2], [2, 4])).toEqual(['ee', 'ff'])
})
