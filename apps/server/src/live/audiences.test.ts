import { seededRandom, testSeed } from '@vantage/model/testing'
import { expect, test } from 'vitest'
import { Audiences } from './audiences.ts'

interface Holder {
  readonly holds: Map<number, number>
}

const REFS = 9

test('everyone gets the places of what they hold, however holds change, and equal holders are one audience', () => {
  const seed = testSeed()
  process.stdout.write(`seed ${seed}\n`)
  const random = seededRandom(seed)
  const below = (limit: number) => Math.floor(random() * limit)
  for (let run = 0; run < 200; run++) {
    const holders = Array.from({ length: 6 }, (): Holder => ({ holds: new Map() }))
    const audiences = new Audiences<Holder>()
    for (let round = 0; round < 6; round++) {
      for (let i = below(4); i > 0; i--) hold(audiences, holders[below(6)] as Holder, below(2 ** REFS))
      const refs = Uint32Array.from({ length: below(600) }, () => below(REFS + 2))
      const found = audiences.pick(refs, refs.length)
      for (const holder of holders) {
        const want = [...refs.keys()].filter((i) => holder.holds.has(refs[i] as number))
        const mine = found.filter((one) => one.holders.has(holder))
        expect(mine.flatMap(({ picked, count }) => [...picked.subarray(0, count)])).toEqual(want)
      }
      const sets = found.map((one) => [...one.refs].toSorted().join())
      expect(new Set(sets).size).toBe(sets.length)
    }
  }
})

/** Who holds nothing any more may say so, or go. */
function hold(audiences: Audiences<Holder>, holder: Holder, bits: number): void {
  holder.holds.clear()
  for (let ref = 0; ref < REFS; ref++) if ((bits & (1 << ref)) !== 0) holder.holds.set(ref, 1)
  if (bits === 0) audiences.remove(holder)
  else audiences.change(holder)
}
