import { type ApiAnswer, type ApiSeries, compareAnswers } from '../prometheus-diff/answers.ts'
import { chooseMoment, sampleOnEdge } from '../prometheus-diff/moment.ts'
import { listQuestions, NOT_IN_PEER, type Question } from '../prometheus-diff/questions.ts'
import { SCRAPE_INTERVAL_MS, ScrapePair } from '../prometheus-diff/scrape-pair.ts'
import type { CaseResult, FileResult, Suite, SuiteOptions } from '../suite.ts'

/** Queries end this long ago: everything before has been sent on, and nothing of it changes any more. */
const AGE_MS = 120_000
const RANGE_MS = 45_000
const STEP_MS = 5_000
/**
 * How far the questions reach back: the range, the longest window, the longest offset, and the first scrapes of a target,
 * which may come off its phase. All of it lies behind the first sample: of a window that begins before a counter, 2.42
 * looks for the counter's zero before it looks how far the first sample is from the window's start, 3.x after it
 * (prometheus/prometheus promql/functions.go, extrapolatedRate).
 */
const REACH_MS = RANGE_MS + 60_000 + 10_000 + 4 * SCRAPE_INTERVAL_MS
const SORTED_FAMILIES: ReadonlySet<string> = new Set(['sort', 'sort_desc'])

/**
 * A live comparison: Prometheus scrapes a node exporter and itself and sends every sample on; then both are asked the
 * same questions at the same moment.
 */
export const prometheusDiffSuite: Suite = { folder: undefined, run }

async function* run(_dir: string, { minutes }: SuiteOptions): AsyncIterable<FileResult> {
  const pair = new ScrapePair()
  try {
    await pair.start()
    await pair.gather(Math.max(minutes * 60_000, AGE_MS + REACH_MS))
    const atMs = await findMoment(pair)
    for (const [name, why] of Object.entries(NOT_IN_PEER)) {
      console.error(`not asked: ${name} (${why})`)
    }
    const families = Map.groupBy(listQuestions(atMs), ({ family }) => family)
    for (const [name, questions] of families) {
      const cases: CaseResult[] = []
      for (const question of questions) cases.push(await ask(pair, question, atMs))
      yield { name, cases }
    }
  } finally {
    await pair.stop()
  }
}

/** A moment of which no sample lies on an edge, judged by the samples that Prometheus holds. */
async function findMoment(pair: ScrapePair): Promise<number> {
  const parameters = new URLSearchParams({ query: 'up[10m]' })
  const answer = (await (await fetch(`${pair.prometheusUrl}/api/v1/query?${parameters}`)).json()) as ApiAnswer
  if (answer.status === 'error' || answer.data.resultType !== 'matrix') throw new Error('Prometheus has no samples')
  const timesMs = (answer.data.result as readonly ApiSeries[]).flatMap(({ values }) =>
    (values ?? []).map(([seconds]) => Math.round(seconds * 1000)),
  )
  const atMs = chooseMoment(timesMs, Date.now() - AGE_MS, SCRAPE_INTERVAL_MS)
  const recent = timesMs.filter((timeMs) => timeMs >= atMs - REACH_MS)
  const onEdge = sampleOnEdge(recent, atMs, SCRAPE_INTERVAL_MS)
  if (onEdge !== undefined)
    throw new Error(`the sample at ${onEdge} lies on an edge of the queries at ${atMs}: run again`)
  return atMs
}

async function ask(pair: ScrapePair, question: Question, atMs: number): Promise<CaseResult> {
  const { query, peerQuery, isRange, family } = question
  const id = `${isRange ? 'range' : 'instant'} ${query}`
  const [ours, theirs] = await Promise.all([
    fetchAnswer(pair.vantageUrl, query, isRange, atMs),
    fetchAnswer(pair.prometheusUrl, peerQuery, isRange, atMs),
  ])
  const reason = compareAnswers(ours, theirs, SORTED_FAMILIES.has(family))
  return { id, verdict: reason === '' ? 'pass' : 'fail', reason }
}

async function fetchAnswer(url: string, query: string, isRange: boolean, atMs: number): Promise<ApiAnswer> {
  const [start, end, step] = [(atMs - RANGE_MS) / 1000, atMs / 1000, STEP_MS / 1000].map(String) as [
    string,
    string,
    string,
  ]
  const parameters = isRange ? { query, start, end, step } : { query, time: end }
  const body = new URLSearchParams(parameters)
  const answer = await fetch(`${url}/api/v1/${isRange ? 'query_range' : 'query'}`, { method: 'POST', body })
  return (await answer.json()) as ApiAnswer
}
