import { z } from 'zod'

const NAME_CHARS_MAX = 1_024
const SERVICES_MAX = 1_000
const OPERATIONS_MAX = 1_000
const RATE_MAX = 32_767

const name = z.string().min(1).max(NAME_CHARS_MAX)
const share = z.coerce.number().min(0).max(1)
const operations = z
  .array(z.strictObject({ operation: name, param: share }))
  .max(OPERATIONS_MAX)
  .default([])

const shared = { type: z.literal('probabilistic').default('probabilistic'), param: share.default(1), operations }
const rated = { type: z.literal('ratelimiting'), param: z.coerce.number().int().min(0).max(RATE_MAX), operations }
const service = { service: name }

/** How many traces clients of Jaeger are told to record: by service, else the default, which is all of them. */
export const samplingSchema = z
  .strictObject({
    default: z.union([z.strictObject(shared), z.strictObject(rated)]).prefault({}),
    services: z
      .array(z.union([z.strictObject({ ...shared, ...service }), z.strictObject({ ...rated, ...service })]))
      .max(SERVICES_MAX)
      .default([]),
  })
  .prefault({})
