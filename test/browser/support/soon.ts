import { expect } from 'vitest'

const SOON_MS = 20_000

/** Polls longer than the second that is usual: the machine may be busy. */
export const soon = <T>(read: () => T) => expect.poll(read, { timeout: SOON_MS })
