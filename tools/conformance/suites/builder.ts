import { readdir, readFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import type { CaseResult, FileResult, Suite } from '../suite.ts'

const BUILDER = resolve(import.meta.dirname, '../../../apps/dashboard/src/builder')

type Shown = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: string }

/** One language of the interface's query builder, whose code is the browser's and is loaded here as it is. */
interface Language {
  readonly read: (query: string) => Shown
  readonly print: (model: unknown) => string
  /** With the comments that the former text had. */
  readonly keep: (former: string, printed: string) => string
  readonly isSame: (one: string, other: string) => boolean
}

/**
 * Every query of the three languages that others wrote, shown in the builder and written again: a query that is shown must
 * come back as it was, up to its spaces; what the builder does not show is left out, with its reason.
 */
export const builderSuite: Suite = { folder: '', run }

async function* run(dir: string): AsyncIterable<FileResult> {
  const { sameTokens, withComments } = await import(join(BUILDER, 'tokens.ts'))
  const { LOGQL, PROMQL } = await import(join(BUILDER, 'lexicons.ts'))
  const promql = await import(join(BUILDER, 'promql.ts'))
  const logql = await import(join(BUILDER, 'logql.ts'))
  const traceql = await import(join(BUILDER, 'traceql.ts'))
  const language = (read: Language['read'], print: Language['print'], lexicon: unknown): Language => ({
    read,
    print,
    keep: (former, printed) => withComments(former, printed, lexicon),
    isSame: (one, other) => sameTokens(one, other, lexicon),
  })
  const prom = language(promql.readPromql, promql.printPromql, PROMQL)
  const logs = language(logql.readLogql, logql.printLogql, LOGQL)
  const traces = language(traceql.readTraceql, traceql.printTraceql, traceql.TRACEQL)
  yield* files(join(dir, 'prometheus-promql'), ['.test', 'parse_cases.json'], prom)
  yield* files(join(dir, 'loki-logql'), ['.logqltest', 'parse_cases.json'], logs)
  yield* files(join(dir, 'tempo-traceql'), ['tables.json'], traces)
}

async function* files(dir: string, ends: readonly string[], language: Language): AsyncIterable<FileResult> {
  const names = await readdir(dir, { recursive: true })
  for (const name of names.filter((one) => ends.some((end) => one.endsWith(end))).sort()) {
    const text = await readFile(join(dir, name), 'utf8')
    const queries = name.endsWith('.json') ? tableQueries(text) : scriptQueries(text)
    yield { name: basename(name), cases: [...new Set(queries)].map((query) => judged(query, language)) }
  }
}

/** Queries of a table that are valid, where it says which are. */
function tableQueries(text: string): string[] {
  const rows = JSON.parse(text) as { query?: string; input?: string; valid?: boolean }[]
  return rows.filter(({ valid }) => valid !== false).flatMap(({ query, input }) => query ?? input ?? [])
}

/** Queries of `eval` lines. */
function scriptQueries(text: string): string[] {
  const found = text.matchAll(/^eval(?:_\w+)? (?:instant at \S+|range from \S+ to \S+ step \S+) (.+)$/gm)
  return [...found].map(([, query = '']) => query.trim())
}

function judged(query: string, { read, print, keep, isSame }: Language): CaseResult {
  const shown = read(query)
  if (!shown.ok) return { id: query, verdict: 'left out', reason: shown.reason }
  const printed = keep(query, print(shown.value))
  const again = read(printed)
  const isEqual = again.ok && JSON.stringify(again.value) === JSON.stringify(shown.value) && isSame(query, printed)
  return { id: query, verdict: isEqual ? 'pass' : 'fail', reason: isEqual ? '' : `came back as ${printed}` }
}
