import { compileSearch, DEFAULT_TENANT, type Labels, labelsToRecord, systemClock } from '@vantage/model'
import { MemoryLogs, unlimitedBudget } from '@vantage/model/testing'
import { evaluateLogql, type LogqlData, type StepSeries } from '../logql/index.ts'
import { type EvalCommand, type ExpectedSeries, parseScript, readExpected, ScriptError } from './script.ts'

/** How one evaluation of a script went. */
export interface Outcome {
  readonly line: number
  readonly verdict: 'pass' | 'fail'
  /** What went wrong; '' for a pass. */
  readonly reason: string
}

/** Where offsets of scripts begin: any moment does, but times of 0 mean that there is none. */
const BASE_MS = 1_700_000_000_000
const TOLERANCE = 1e-6

/** Runs a script on an in-memory store. Every evaluation has an outcome. */
export function runScript(text: string): Outcome[] {
  const outcomes: Outcome[] = []
  let store = new MemoryLogs()
  for (const command of parseScript(text)) {
    switch (command.kind) {
      case 'clear':
        store = new MemoryLogs()
        break
      case 'load':
        for (const { labels, line, offsetMs, metadata } of command.rows) {
          store.appendLine(DEFAULT_TENANT, labels, nanoseconds(offsetMs), line, metadata)
        }
        break
      case 'eval': {
        const reason = complaint(command, store)
        outcomes.push({ line: command.line, verdict: reason === '' ? 'pass' : 'fail', reason })
        break
      }
      case 'unreadable':
        outcomes.push({ line: command.line, verdict: 'fail', reason: command.message })
    }
  }
  return outcomes
}

function nanoseconds(offsetMs: number): bigint {
  return BigInt(BASE_MS + offsetMs) * 1_000_000n
}

function complaint(command: EvalCommand, store: MemoryLogs): string {
  try {
    return judge(command, store)
  } catch (error) {
    if (error instanceof ScriptError) return `unreadable expectation: ${error.message}`
    return `crashed: ${error instanceof Error ? error.message : String(error)}`
  }
}

function judge({ query, startMs, endMs, stepMs, expectations }: EvalCommand, store: MemoryLogs): string {
  const request = {
    query,
    startNs: nanoseconds(startMs),
    endNs: nanoseconds(endMs),
    stepNs: BigInt(stepMs) * 1_000_000n,
    limit: 1000,
    direction: 'forward',
    intervalNs: 0n,
    detectsLevels: false,
  } as const
  const result = evaluateLogql(request, DEFAULT_TENANT, store, unlimitedBudget, systemClock)
  const failure = expectations.find((line) => /^expect fail\b/.test(line))
  if (failure !== undefined) return result.ok ? 'want a failure' : failureComplaint(failure, result.error.message)
  if (!result.ok) return `failed: ${result.error.message}`
  const isOrdered = expectations.includes('expect ordered')
  const wanted = expectations.filter((line) => !/^(?:expect|skip)\b/.test(line)).map(readExpected)
  return dataComplaint(result.value.data, wanted, isOrdered)
}

function failureComplaint(expectation: string, message: string): string {
  const [, kind, text = ''] = /^expect fail\s+(msg|regex):\s*(.*)$/.exec(expectation) ?? []
  if (kind === undefined) return ''
  const pattern = kind === 'regex' ? compileSearch(text) : undefined
  if (pattern?.ok === false) throw new ScriptError(pattern.error.message)
  const isMet = pattern === undefined ? message.includes(text) : pattern.value.test(message)
  return isMet ? '' : `failed with ${JSON.stringify(message)}, want ${JSON.stringify(text)}`
}

function dataComplaint(data: LogqlData, wanted: readonly (ExpectedSeries | number)[], isOrdered: boolean): string {
  const [only] = wanted
  if (data.kind === 'scalar') {
    return typeof only === 'number' && isClose(data.value, only) ? '' : `got the number ${data.value}`
  }
  if (data.kind === 'streams') return 'want a metric query'
  const missing = new Map(data.series.map((one, i) => [labelKey(labelsToRecord(one.labels)), i]))
  for (const [i, series] of wanted.entries()) {
    if (typeof series === 'number') return 'got series, want a number'
    const key = labelKey(series.labels)
    const at = missing.get(key)
    if (at === undefined) return `no series ${key}; got ${shown(data.series)}`
    if (isOrdered && at !== i) return `series ${key}: want place ${i}, got ${at}`
    const got = valuesOf(data.series[at] as StepSeries)
    const isSame = got.length === series.values.length && got.every((value, j) => isClose(value, series.values[j]))
    if (!isSame) return `series ${key}: want ${series.values.join(' ')}, got ${got.join(' ')}`
    missing.delete(key)
  }
  return missing.size === 0 ? '' : `got more series: ${[...missing.keys()].join(', ')}`
}

function labelKey(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function valuesOf({ values, present }: StepSeries): (number | undefined)[] {
  return Array.from(values, (value, i) => (present[i] === 1 ? value : undefined))
}

function shown(series: readonly { readonly labels: Labels }[]): string {
  return series.map(({ labels }) => labelKey(labelsToRecord(labels))).join(', ')
}

function isClose(got: number | undefined, want: number | undefined): boolean {
  if (got === undefined || want === undefined || Number.isNaN(got)) return Object.is(got, want)
  return got === want || Math.abs(got - want) <= TOLERANCE * Math.max(Math.abs(got), Math.abs(want))
}
