/** How thorough a run is: *test* within 10 minutes, *ci* within 25, *long* on demand. */
export function testSet(): 'test' | 'ci' | 'long' {
  if (process.env['VANTAGE_TESTS'] === 'long') return 'long'
  return process.env['CI'] === 'true' ? 'ci' : 'test'
}
