const WORK_WITHIN_MS = 30_000
const POLL_MS = 5

/**
 * The life of a server before it is killed: so long, and at least until everyone has got something done, however busy
 * the machine is.
 */
export async function liveAtLeast(lifeMs: number, hasWorked: () => boolean): Promise<void> {
  const startMs = performance.now()
  const isTooShort = () => performance.now() - startMs < lifeMs || !hasWorked()
  while (isTooShort() && performance.now() - startMs < WORK_WITHIN_MS) {
    await new Promise((wake) => setTimeout(wake, POLL_MS))
  }
}

/** @returns whether each of them has more acknowledged, by two, than now */
export function twoMoreOfEach(all: readonly ReadonlySet<number>[]): () => boolean {
  const before = all.map(({ size }) => size)
  return () => all.every(({ size }, i) => size >= (before[i] as number) + 2)
}
