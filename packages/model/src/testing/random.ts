/**
 * A small seeded generator (mulberry32), so that a failing random test can be repeated from its printed seed.
 * @returns numbers in [0, 1)
 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** The seed of a random test: `SEED=` where set, else fresh. Print it with every failure. */
export function testSeed(): number {
  const given = process.env['SEED']
  return given === undefined ? Math.floor(Math.random() * 0x7fffffff) : Number(given)
}
