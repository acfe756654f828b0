/**
 * Questions that a page has on their way at once; the others wait for their turn, first come, first served. Browsers open six
 * connections: one stays free for what tells how far they are.
 */
const IN_FLIGHT_MAX = 5

let inFlight = 0
const waiting: (() => void)[] = []

/** Does the work when there is room for it. */
export async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (inFlight >= IN_FLIGHT_MAX) await new Promise<void>((begin) => waiting.push(begin))
  else inFlight++
  try {
    return await work()
  } finally {
    // The place goes on to the next; it is free only where nobody waits.
    const next = waiting.shift()
    if (next === undefined) inFlight--
    else next()
  }
}
