import {
  compileMatcher,
  type Labels,
  labelsFrom,
  labelsKey,
  labelsToRecord,
  labelValue,
  type Matcher,
  METRIC_NAME,
} from '@vantage/model'
import { childrenOf, type Expr } from '../promql/language/ast.ts'
import { ParseFault } from '../promql/language/fault.ts'
import { parsePromql } from '../promql/language/parser.ts'
import { EXPERIMENTAL_OPTIONS } from '../promql/options.ts'
import { compareAnswer } from './compare.ts'
import { NotationError, parseSeries } from './notation.ts'
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

/** Series that floats alone cannot stand for, and why. */
interface SpecialSeries {
  readonly labels: Labels
  readonly reason: string
}

const NATIVE_HISTOGRAMS = 'native histograms'
const START_TIMES = 'start timestamps'

/**
 * Runs a script against a target: every `eval` gives one outcome, also where it cannot be read or the target breaks.
 * Left out are evaluations that need samples which are no floats: their query, expectation or a selected series
 * has `{{…}}`, or a selected series has start times.
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
    for (const line of command.lines) {
      const { labels, points, hasStartTimes } = parseSeries(line)
      if (hasStartTimes) special.push({ labels, reason: START_TIMES })
      else byKey.set(labelsKey(labels), { labels, stepMs: command.stepMs, points })
      if (points.some((point) => point.kind === 'histogram')) special.push({ labels, reason: NATIVE_HISTOGRAMS })
    }
    const series = [...byKey.values()]
    if (command.withCustomBuckets) special.push(...series.flatMap(customBucketSeries))
    await target.load(series)
    return undefined
  } catch (error) {
    if (error instanceof NotationError || error instanceof ParseFault) return `load: ${error.message}`
    return `load: ${error instanceof Error ? error.message : String(error)}`
  }
}

/** The native histogram that `load_with_nhcb` would make of a classic bucket series. */
function customBucketSeries({ labels }: LoadedSeries): SpecialSeries[] {
  const name = labelValue(labels, METRIC_NAME)
  if (!name.endsWith('_bucket')) return []
  const record = labelsToRecord(labels)
  record[METRIC_NAME] = name.slice(0, -'_bucket'.length)
  delete record['le']
  return [{ labels: labelsFrom(Object.entries(record)), reason: NATIVE_HISTOGRAMS }]
}

async function runEval(
  command: EvalCommand,
  target: Target,
  special: readonly SpecialSeries[],
  broken: string,
): Promise<EvalOutcome> {
  const { line } = command
  const leftOut = reasonToLeaveOut(command, special)
  if (leftOut !== undefined) return { line, verdict: 'left out', reason: leftOut }
  if (broken !== '') return { line, verdict: 'fail', reason: broken }
  try {
    const failure = await evaluate(command, target)
    return failure === undefined ? { line, verdict: 'pass', reason: '' } : { line, verdict: 'fail', reason: failure }
  } catch (error) {
    return { line, verdict: 'fail', reason: `crashed: ${error instanceof Error ? error.message : String(error)}` }
  }
}

function reasonToLeaveOut(command: EvalCommand, special: readonly SpecialSeries[]): string | undefined {
  const { query, expectations } = command
  if (query.includes('{{') || expectations.lines.some((line) => line.includes('{{'))) return NATIVE_HISTOGRAMS
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
