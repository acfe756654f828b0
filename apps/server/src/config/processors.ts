import { MASK_KINDS, type Processor } from '@vantage/decode/process'
import { compileSearch, type SearchPattern } from '@vantage/model'
import { z } from 'zod'

/** Each is asked for every row. */
const PROCESSORS_MAX = 64
const TEXT_CHARS_MAX = 4_096
const LIST_MAX = 64
/** OpenTelemetry's numbers of the severities. */
const SEVERITIES: Readonly<Record<string, number>> = { trace: 4, debug: 8, info: 12, warn: 16, error: 20, fatal: 24 }

const text = z.string().max(TEXT_CHARS_MAX)
const word = text.min(1)

const search = text.transform((value, context): SearchPattern => {
  const compiled = compileSearch(value)
  if (compiled.ok) return compiled.value
  context.addIssue(compiled.error.message)
  return z.NEVER
})

const where = z
  .strictObject({
    service: text.default(''),
    match: search.optional(),
    attributes: z.record(text, text).default({}),
    maxSeverity: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).optional(),
  })
  .prefault({})
  .transform(({ service, match, attributes, maxSeverity }) => ({
    service,
    text: match,
    attributes: Object.entries(attributes),
    maxSeverity: maxSeverity === undefined ? 0 : (SEVERITIES[maxSeverity] as number),
  }))

const common = {
  name: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'want a name of letters, digits, ., _ and -'),
  signals: z
    .array(z.enum(['logs', 'spans']))
    .min(1)
    .default(['logs', 'spans'])
    .transform((all) => new Set(all)),
  where,
}

const list = z.array(word).max(LIST_MAX)
const metricName = z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]{0,255}$/, 'want the name of a metric')

const processor = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('drop'), ...common }),
    z.strictObject({ kind: z.literal('sample'), ...common, percent: z.coerce.number().min(0).max(100) }),
    z.strictObject({
      kind: z.literal('mask'),
      ...common,
      what: z.array(z.enum(MASK_KINDS)).default([...MASK_KINDS]),
      patterns: z.array(search).max(LIST_MAX).default([]),
      fields: list.default([]).transform((all) => new Set(all)),
    }),
    z.strictObject({
      kind: z.literal('parse'),
      ...common,
      format: z.enum(['json', 'logfmt', 'regex']),
      pattern: search.optional(),
    }),
    z.strictObject({
      kind: z.literal('enrich'),
      ...common,
      set: z.record(word, text).transform((record) => Object.entries(record)),
    }),
    z.strictObject({
      kind: z.literal('derive'),
      ...common,
      metric: metricName,
      type: z.enum(['counter', 'histogram']).default('counter'),
      value: text.default(''),
      labels: list.default([]),
    }),
  ])
  .transform((one, context): Processor => {
    if (one.kind !== 'parse') return one
    if (one.format === 'regex' && !one.pattern?.groupNames.some((name) => name !== '')) {
      context.addIssue('pattern: want a regular expression with named groups, such as (?P<status>\\d+)')
      return z.NEVER
    }
    return { ...one, pattern: one.pattern }
  })

/** The key `processors` of the configuration: what is done to log rows and spans, in this order. */
export const processorsSchema = z
  .array(processor)
  .max(PROCESSORS_MAX)
  .default([])
  .superRefine((all, context) => {
    const names = all.map(({ name }) => name)
    const twice = names.find((name, i) => names.indexOf(name) !== i)
    if (twice !== undefined) context.addIssue(`want names that are used once, got ${JSON.stringify(twice)} twice`)
  })
