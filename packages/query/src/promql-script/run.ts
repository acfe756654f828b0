import { compileMatcher, type Labels, labelsKey, labelValue, type Matcher } from '@vantage/model'
import { childrenOf, type Expr } from '../promql/language/ast.ts'
import { ParseFault } from '../promql/language/fault.ts'
import { parsePromql } from '../promql/language/parser.ts'
import { EXPERIMENTAL_OPTIONS } from '../promql/options.ts'
import { compareAnswer } from './compare.ts'
import { customBucketSeries } from './custom-buckets.ts'
import { type NotedSeries, parseSeries } from './notation.ts'
import { NotationError } from './notation-error.ts'
import { type EvalCommand, type LoadCommand, parseScript } from './script.ts'
import type { LoadedSeries, Target } from './target.ts'

/** How one evaluation of a script went. */
export interface EvalOutcome {
  /** From 1. */
  readonly line: number
  readonly verdict: 'pass' | 'fail' | 'left out'
  /** What went wrong, or why it was left out; '' for a pass. */
  readonly reason: string
}

/** Series that the target cannot store, and why. */
interface SpecialSeries {
  readonly labels: Labels
  readonly reason: string
}

const NATIVE_HISTOGRAMS = 'native histograms'
const START_TIMES = 'start timestamps'

/**
 * Runs a script against a target: every `eval` gives one outcome, also where it cannot be read or the target breaks.
 * Left out are evaluations that need what the target cannot store: histograms (in their expectation or in a selected
 * series), or start times.
 */
export async function runScript(text: string, target: Target): Promise<EvalOutcome[]> {
  const outcomes: EvalOutcome[] = []
  let special: SpecialSeries[] = []
  let broken = ''
  await target.clear()
  for (const command of parseScript(text)) {
    switch (command.kind) {
      case 'clear':
        await target.clear()
        special = []
        broken = ''
        break
      case 'load': {
        const failure = await load(command, target, special)
        if (failure !== undefined) broken = failure
        break
      }
      case 'unreadable':
        if (command.isEval) outcomes.push({ line: command.line, verdict: 'fail', reason: command.message })
        else broken = command.message
        break
      case 'eval':
        outcomes.push(await runEval(command, target, special, broken))
    }
  }
  return outcomes
}

/** @returns what was wrong with the load; all evaluations until the next `clear` fail with it */
async function load(command: LoadCommand, target: Target, special: SpecialSeries[]): Promise<string | undefined> {
  try {
    // Of a series that a load names twice the last line counts.
    const byKey = new Map<string, LoadedSeries>()
    const offsets = new Map<string, NotedSeries['startOffsetsMs']>()
    for (const line of command.lines) {
      const { labels, points, startOffsetsMs } = parseSeries(line)
      const key = labelsKey(labels)
      if (startOffsetsMs.length > 0) offsets.set(key, startOffsetsMs)
      else byKey.set(key, { labels, stepMs: command.stepMs, points, startOffsetsMs: [] })
    }
    const loaded = [...byKey].map(([key, one]) => ({ ...one, startOffsetsMs: offsets.get(key) ?? [] }))
    const series = command.withCustomBuckets ? [...loaded, ...customBucketSeries(loaded)] : loaded
    special.push(...series.flatMap((one) => specialOf(one, target)))
    await target.load(series)
    return undefined
  } catch (error) {
    if (error instanceof NotationError || error instanceof ParseFault) return `load: ${error.message}`
    return `load: ${error instanceof Error ? error.message : String(error)}`
  }
}

/** What the target cannot store of a series. */
function specialOf({ labels, points, startOffsetsMs }: LoadedSeries, target: Target): SpecialSeries[] {
  const hasHistograms = points.some((point) => point.kind === 'histogram')
  if (hasHistograms && target.storesHistograms !== true) return [{ labels, reason: NATIVE_HISTOGRAMS }]
  const hasStartTimes = startOffsetsMs !== undefined && startOffsetsMs.length > 0
  return hasStartTimes && target.storesStartTimes !== true ? [{ labels, reason: START_TIMES }] : []
}

async function runEval(
  command: EvalCommand,
  target: Target,
  special: readonly SpecialSeries[],
  broken: string,
): Promise<EvalOutcome> {
  const { line } = command
  const leftOut = reasonToLeaveOut(command, special, target)
  if (leftOut !== undefined) return { line, verdict: 'left out', reason: leftOut }
  if (broken !== '') return { line, verdict: 'fail', reason: broken }
  try {
    const failure = await evaluate(command, target)
    return failure === undefined ? { line, verdict: 'pass', reason: '' } : { line, verdict: 'fail', reason: failure }
  } catch (error) {
    return { line, verdict: 'fail', reason: `crashed: ${error instanceof Error ? error.message : String(error)}` }
  }
}

function reasonToLeaveOut(command: EvalCommand, special: readonly SpecialSeries[], target: Target): string | undefined {
  const { query, expectations } = command
  const hasHistograms = expectations.lines.some((line) => line.includes('{{'))
  if (hasHistograms && target.storesHistograms !== true) return NATIVE_HISTOGRAMS
  const parsed = parsePromql(query, EXPERIMENTAL_OPTIONS)
  if (!parsed.ok || special.length === 0) return undefined
  const selectors = matchersOf(parsed.value)
  return special.find(({ labels }) => selectors.some((matchers) => isSelected(labels, matchers)))?.reason
}

function matchersOf(expr: Expr): (readonly Matcher[])[] {
  if (expr.kind === 'vectorSelector') return [expr.matchers]
  return childrenOf(expr).flatMap(matchersOf)
}

function isSelected(labels: Labels, matchers: readonly Matcher[]): boolean {
  return matchers.every((matcher) => {
    const compiled = compileMatcher(matcher)
    return compiled.ok && compiled.value.matches(labelValue(labels, matcher.name))
  })
}

async function evaluate(command: EvalCommand, target: Target): Promise<string | undefined> {
  const { query, timing } = command
  if (!command.isInstant) {
    return compareAnswer(command, await target.range(query, timing.startMs, timing.endMs, timing.stepMs))
  }
  const failure = compareAnswer(command, await target.instant(query, timing.startMs))
  return failure ?? (await evaluateAsRange(command, target))
}

/** Steps around an instant evaluation, as upstream's runner takes them. */
const RANGE_STEP_MS = 60_000

/** An instant answer must also be the middle step of a range query, but for what range queries treat differently. */
async function evaluateAsRange(command: EvalCommand, target: Target): Promise<string | undefined> {
  const { expectations, query, timing } = command
  const isDifferent = expectations.fails || expectations.isOrdered || expectations.text !== undefined
  if (isDifferent || expectations.rangeVector !== undefined || /\b(?:step|range|start|end)\s*\(/i.test(query)) {
    return undefined
  }
  const timeMs = timing.startMs
  const answer = await target.range(query, timeMs - RANGE_STEP_MS, timeMs + RANGE_STEP_MS, RANGE_STEP_MS)
  if (!answer.ok || answer.data.kind !== 'matrix') return `as a range query: ${JSON.stringify(answer)}`
  const series = answer.data.series
    .map(({ labels, points }) => ({ labels, points: points.filter((point) => point.timeMs === timeMs) }))
    .filter(({ points }) => points.length > 0)
  const [only] = series
  const isScalar = expectations.lines.length === 1 && /^[^\s{]+$/.test(expectations.lines[0] as string)
  const data =
    isScalar && only !== undefined
      ? ({ kind: 'scalar', value: only.points[0]?.value ?? Number.NaN } as const)
      : ({ kind: 'vector', series } as const)
  const asInstant = {
    ...command,
    expectations: { ...expectations, warns: undefined, informs: undefined, warnings: [], infos: [] },
  }
  const failure = compareAnswer(asInstant, { ok: true, data, warnings: [], infos: [] })
  return failure === undefined ? undefined : `as a range query: ${failure}`
}
