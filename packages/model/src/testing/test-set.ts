const SETS = ['test', 'wide', 'long'] as const

/**
 * How often a test repeats what it does: *test* is quick and has everything once, *wide* has the counts that are
 * promised, *long* is for a machine of its own.
 */
type TestSet = (typeof SETS)[number]

/** `VANTAGE_TESTS=`, *test* where it is not set. */
export function testSet(): TestSet {
  const given = process.env['VANTAGE_TESTS'] ?? 'test'
  const set = SETS.find((one) => one === given)
  if (set === undefined) throw new Error(`VANTAGE_TESTS: want one of ${SETS.join(', ')}, got ${JSON.stringify(given)}`)
  return set
}
