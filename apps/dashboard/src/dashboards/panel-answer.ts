import type { ClientFault, Exemplar, FoundTrace, LogLine, QueryAnswer } from '@vantage/api/client'
import { ok, type Result, type TimeRange } from '@vantage/model'
import type { Panel, PanelQuery } from '@vantage/model/dashboards'
import { client } from '../app/client.ts'
import { type SteppedRange, steppedRange } from '../explore/range-steps.ts'
import { inTurn } from './in-turn.ts'

/** What the queries of a panel gave, in their order; each kind of panel reads one of the lists. */
export interface PanelAnswer {
  readonly metrics: readonly QueryAnswer[]
  /** What the answers lack. */
  readonly warnings: readonly string[]
  readonly lines: readonly LogLine[]
  readonly traces: readonly FoundTrace[]
  /** Single requests of what a chart of durations counts. */
  readonly exemplars: readonly Exemplar[]
  /** The grid of `metrics`. */
  readonly range: SteppedRange
  readonly elapsedMs: number
}

/** Steps that a panel of a kind has room for. A heatmap's are columns that can be told apart. */
const STEPS: Readonly<Partial<Record<Panel['kind'], number>>> = { heatmap: 60, 'state-timeline': 120, stat: 60 }
const STEPS_USUAL = 240
/** A column of a heatmap holds what its step counted: at least what metrics that are stated every few seconds say of it. */
const COLUMN_MIN_MS = 10_000

/** Kinds that draw one value of each series. */
const INSTANT: readonly Panel['kind'][] = ['gauge', 'bars', 'histogram', 'pie', 'table']

/** The grid that a panel asks for. Where the last value counts, it ends with the newest data, not with the last whole step. */
export function panelRange(kind: Panel['kind'], range: TimeRange): SteppedRange {
  const steps = STEPS[kind] ?? STEPS_USUAL
  const stepsMax = kind === 'heatmap' ? Math.min(steps, (range.endMs - range.startMs) / COLUMN_MIN_MS) : steps
  const stepped = steppedRange(range, stepsMax)
  if (kind !== 'stat' && !INSTANT.includes(kind)) return stepped
  const { endMs } = steppedRange(range)
  return { ...stepped, startMs: endMs - (stepped.endMs - stepped.startMs), endMs }
}

type Asked<T> = Promise<Result<T, ClientFault>>

/** Asks what a panel draws; its queries must be filled. One that fails fails the panel: a lower number would be silent. */
export async function askPanel(panel: Panel, range: SteppedRange, signal: AbortSignal): Asked<PanelAnswer> {
  const startedMs = performance.now()
  const found = await askAll(panel, range, signal)
  if (!found.ok) return found
  const nothing = { metrics: [], lines: [], traces: [], exemplars: [] }
  const warnings = found.value.metrics?.flatMap((one) => one.warnings) ?? []
  return ok({ ...nothing, ...found.value, warnings, range, elapsedMs: performance.now() - startedMs })
}

async function askAll(panel: Panel, range: SteppedRange, signal: AbortSignal): Asked<Partial<PanelAnswer>> {
  if (panel.kind === 'logs') {
    const lists = await each(panel.queries, ({ text }) =>
      client.logLines({ query: text, ...range }, panel.rows, signal),
    )
    return lists.ok ? ok({ lines: newest(lists.value.flat(), ({ timeNs }) => timeNs, panel.rows) }) : lists
  }
  if (panel.kind === 'traces') {
    const lists = await each(panel.queries, ({ text }) =>
      client.searchTraces(text, range.startMs, range.endMs, panel.rows, signal),
    )
    return lists.ok ? ok({ traces: newest(lists.value.flat(), ({ startNs }) => startNs, panel.rows) }) : lists
  }
  const isInstant = INSTANT.includes(panel.kind)
  const metrics = await each(panel.queries, (query) => askMetric(query, range, isInstant, signal))
  if (!metrics.ok) return metrics
  return ok({ metrics: metrics.value, exemplars: await askExemplars(panel, range, signal) })
}

/** Requests behind a chart of durations: buckets keep some. Without them it is as good a chart. */
async function askExemplars(panel: Panel, range: SteppedRange, signal: AbortSignal): Promise<readonly Exemplar[]> {
  const query = panel.queries.find(({ language, text }) => language === 'promql' && text.includes('_bucket'))
  if (panel.kind !== 'time-series' || panel.unit !== 'seconds' || query === undefined) return []
  const found = await inTurn(() => client.exemplars(query.text, range, signal))
  return found.ok ? found.value : []
}

function askMetric({ language, text }: PanelQuery, range: SteppedRange, isInstant: boolean, signal: AbortSignal) {
  if (language === 'logql') {
    // Of a kind that draws last values, the last step is all that is counted.
    const startMs = isInstant ? range.endMs - range.stepMs : range.startMs
    return client.logMetric({ query: text, startMs, endMs: range.endMs }, range.stepMs, signal)
  }
  if (isInstant) return client.queryInstant(text, range.endMs, signal)
  return client.queryRange({ query: text, ...range }, signal)
}

async function each<T>(queries: readonly PanelQuery[], ask: (query: PanelQuery) => Asked<T>): Asked<readonly T[]> {
  const results = await Promise.all(queries.map((query) => inTurn(() => ask(query))))
  const values: T[] = []
  for (const result of results) {
    if (!result.ok) return result
    values.push(result.value)
  }
  return ok(values)
}

function newest<T>(items: readonly T[], timeOf: (item: T) => bigint, count: number): readonly T[] {
  const order = (a: T, b: T) => (timeOf(a) < timeOf(b) ? 1 : timeOf(a) > timeOf(b) ? -1 : 0)
  return [...items].sort(order).slice(0, count)
}
