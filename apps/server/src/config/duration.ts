import { z } from 'zod'

const DURATION_UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

const text = z.union([z.number(), z.string()])

/** A duration such as `30s`; undefined for `off`. */
export const period = text.transform((value, context) => readDuration(value, context))

/**
 * A duration that may be absent. The default is in here, as a default around it would take `off` for an absent value.
 */
export function duration(defaultMs: number | undefined) {
  return text.optional().transform((value, context) => (value === undefined ? defaultMs : readDuration(value, context)))
}

/** `off` switches off, which is undefined. */
function readDuration(value: string | number, context: z.RefinementCtx): number | undefined {
  if (value === 'off') return undefined
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(String(value))
  if (match !== null) return Number(match[1]) * (DURATION_UNITS_MS[match[2] ?? ''] as number)
  context.addIssue(`want a duration such as 30s, 15d or off, got ${JSON.stringify(value)}`)
  return z.NEVER
}
