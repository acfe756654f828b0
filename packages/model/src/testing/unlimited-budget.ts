import type { QueryBudget } from '../reader.ts'

/** A budget that never ends, for tests and for reads of our own that are bounded elsewhere. */
export const unlimitedBudget: QueryBudget = {
  check: () => {},
  chargeSamples: () => {},
  chargeBytes: () => {},
  chargeSeries: () => {},
}
