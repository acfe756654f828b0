/** Of what is polled: more than the second that is usual, as the machine may be busy. */
export const SOON = { timeout: 20_000 }
