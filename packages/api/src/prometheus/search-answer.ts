import type { MetricReader, QueryBudget, ScanRange, SeriesScan, TenantId } from '@vantage/model'
import type { AnswerWriter } from '../answer-writer.ts'
import { jaroWinklerScore, type Score, subsequenceScore } from './match-score.ts'

/** How names are compared with what is searched. */
export const FUZZ_ALGORITHMS = { subsequence: subsequenceScore, jarowinkler: jaroWinklerScore } as const
export type FuzzAlgorithm = keyof typeof FUZZ_ALGORITHMS

export const NDJSON_TYPE = 'application/x-ndjson; charset=utf-8'

/** A question for names, as plain data. */
export interface SearchJob {
  readonly kind: 'search'
  /** The label whose values are searched; absent = the names of labels. */
  readonly label?: string
  readonly scans: readonly SeriesScan[]
  readonly range: ScanRange
  /** One of them has to fit; none = all names. */
  readonly terms: readonly string[]
  readonly algorithm: FuzzAlgorithm
  /** The least score that fits, 0 to 1; with `jarowinkler`, 0 = parts only. */
  readonly threshold: number
  readonly isCaseSensitive: boolean
  readonly order: 'score' | 'ascending' | 'descending'
  readonly limit: number
  /** Names of one line of the answer. */
  readonly batchSize: number
  readonly hasScore: boolean
  /** Type, help and unit of metrics beside their names. */
  readonly hasMetadata: boolean
}

interface Found {
  readonly name: string
  readonly score: number
}

/** Lines of JSON: batches of results, then how it ended. Source: Prometheus, docs/querying/api.md, search API. */
export function searchAnswer(
  out: AnswerWriter,
  job: SearchJob,
  tenant: TenantId,
  reader: MetricReader,
  budget: QueryBudget,
): void {
  const names =
    job.label === undefined
      ? reader.labelNames(tenant, job.scans, job.range, budget)
      : reader.labelValues(tenant, job.label, job.scans, job.range, budget)
  const found = fitting(names, job, budget)
  const shown = found.slice(0, job.limit)
  for (let from = 0; from === 0 || from < shown.length; from += job.batchSize) {
    const results = shown.slice(from, from + job.batchSize).map(({ name, score }) => ({
      name,
      ...(job.hasScore ? { score } : {}),
      ...(job.hasMetadata ? metadataOf(reader, tenant, name) : {}),
    }))
    out.text(`${JSON.stringify({ results })}\n`)
  }
  out.text(`${JSON.stringify({ status: 'success', has_more: found.length > shown.length })}\n`)
}

/** The names that fit, in the wanted order; `names` are ascending. */
function fitting(names: readonly string[], job: SearchJob, budget: QueryBudget): Found[] {
  const folded = (text: string): string => (job.isCaseSensitive ? text : text.toLowerCase())
  const scores = job.terms.map((term) => accepted(folded(term), job))
  const found: Found[] = []
  for (const name of names) {
    let best = job.terms.length === 0 ? 1 : 0
    for (const score of scores) {
      budget.check()
      best = Math.max(best, score(folded(name)))
    }
    if (best > 0) found.push({ name, score: best })
  }
  if (job.order === 'descending') found.reverse()
  // Equal scores stay ascending: sorting is stable.
  if (job.order === 'score') found.sort((a, b) => b.score - a.score)
  return found
}

/** The score, or 0 where it is below what is wanted. */
function accepted(term: string, { algorithm, threshold }: SearchJob): Score {
  if (term === '') return () => 1
  const score = FUZZ_ALGORITHMS[algorithm](term)
  if (algorithm === 'jarowinkler') return (name) => partOrAlike(name, term, threshold, score)
  return (name) => {
    const found = score(name)
    return found >= threshold ? found : 0
  }
}

/** Parts fit at any threshold; names that are only alike need one, and reach it. */
function partOrAlike(name: string, term: string, threshold: number, score: Score): number {
  if (name.includes(term)) return score(name)
  if (threshold === 0) return 0
  const found = score(name)
  return found >= threshold ? found : 0
}

function metadataOf(reader: MetricReader, tenant: TenantId, metric: string): object {
  const entry = reader.metadata(tenant, metric)[0]
  return entry === undefined ? {} : { type: entry.type, help: entry.help, unit: entry.unit }
}
