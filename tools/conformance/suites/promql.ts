import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { compilePattern } from '../../../packages/model/src/index.ts'
import { EXPERIMENTAL_OPTIONS, parsePromql } from '../../../packages/query/src/promql/index.ts'
import {
  MemoryTarget,
  NotationError,
  parseSeries,
  runScript,
  type Target,
} from '../../../packages/query/src/promql-script/index.ts'
import { type RelabelAction, type RelabelRule, relabel } from '../../../packages/receive/src/scrape/relabel.ts'
import { startHttpTarget } from '../http-target.ts'
import type { CaseResult, FileResult, Suite, SuiteOptions } from '../suite.ts'

const PARSE_CASES = 'parse_cases.json'
const NOTATION_CASES = 'series_notation_cases.json'
const RELABEL_CASES = 'relabel_cases.json'

/**
 * The scripts and tables of Prometheus: `testdata/*.test`, `parse_cases.json` (judged by validity) and
 * `series_notation_cases.json`,
 * and `relabel_cases.json`.
 */
export const promqlSuite: Suite = { folder: 'prometheus-promql', run }

async function* run(dir: string, options: SuiteOptions): AsyncIterable<FileResult> {
  const target: Target = options.isHttp ? await startHttpTarget() : new MemoryTarget(EXPERIMENTAL_OPTIONS)
  try {
    for (const path of await scriptPaths(dir)) yield await runFile(path, (text) => runScriptFile(path, text, target))
  } finally {
    await target.close()
  }
  const names = await readdir(dir)
  if (names.includes(PARSE_CASES)) yield await runFile(join(dir, PARSE_CASES), runParseCases)
  if (names.includes(NOTATION_CASES)) yield await runFile(join(dir, NOTATION_CASES), runNotationCases)
  if (names.includes(RELABEL_CASES)) yield await runFile(join(dir, RELABEL_CASES), runRelabelCases)
}

/** Scripts lie in `testdata`, or in the folder itself. */
async function scriptPaths(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true })
  return entries
    .filter((name) => name.endsWith('.test'))
    .sort()
    .map((name) => join(dir, name))
}

/** A file that cannot be read counts as one failed case. */
async function runFile(
  path: string,
  cases: (text: string) => Promise<CaseResult[]> | CaseResult[],
): Promise<FileResult> {
  const name = basename(path)
  try {
    return { name, cases: await cases(await readFile(path, 'utf8')) }
  } catch (error) {
    const reason = `unreadable: ${error instanceof Error ? error.message : String(error)}`
    return { name, cases: [{ id: name, verdict: 'fail', reason }] }
  }
}

async function runScriptFile(path: string, text: string, target: Target): Promise<CaseResult[]> {
  const outcomes = await runScript(text, target)
  return outcomes.map(({ line, verdict, reason }) => ({ id: `${basename(path)}:${line}`, verdict, reason }))
}

interface ParseCase {
  readonly input: string
  readonly valid: boolean
}

function runParseCases(text: string): CaseResult[] {
  const cases: readonly ParseCase[] = JSON.parse(text)
  return cases.map(({ input, valid }, i) => {
    return judge(`${PARSE_CASES}:${i + 1}`, valid, () => {
      const parsed = parsePromql(input, EXPERIMENTAL_OPTIONS)
      return parsed.ok ? undefined : parsed.error.message
    })
  })
}

interface NotationCase {
  readonly input: string
  readonly fail?: boolean
  readonly expectedMetric?: { readonly args: readonly (string | { readonly id: string })[] }
  readonly expectedValues?: { readonly args: readonly number[] }
}

function runNotationCases(text: string): CaseResult[] {
  const cases: readonly NotationCase[] = JSON.parse(text)
  return cases.map((one, i) => {
    return judge(`${NOTATION_CASES}:${i + 1}`, one.fail !== true, () => checkNotation(one))
  })
}

/** What is wrong with the input, or with what was read from it. */
function checkNotation(one: NotationCase): string | undefined {
  try {
    const { labels, points } = parseSeries(one.input)
    const wantedLabels = one.expectedMetric?.args.map((arg) => (typeof arg === 'string' ? arg : '__name__'))
    const values = points.map((point) => (point.kind === 'value' ? point.value : point.kind))
    const wanted = JSON.stringify([wantedLabels, one.expectedValues?.args])
    const got = JSON.stringify([labels, values])
    return wanted === got || one.fail === true ? undefined : `want ${wanted}, got ${got}`
  } catch (error) {
    if (error instanceof NotationError) return error.message
    throw error
  }
}

/** A case passes where its input is taken or refused as it should be. */
function judge(id: string, isValid: boolean, complaintOf: () => string | undefined): CaseResult {
  try {
    const complaint = complaintOf()
    if ((complaint === undefined) === isValid) return { id, verdict: 'pass', reason: '' }
    return { id, verdict: 'fail', reason: complaint ?? 'want a refusal' }
  } catch (error) {
    return { id, verdict: 'fail', reason: `crashed: ${error instanceof Error ? error.message : String(error)}` }
  }
}

interface RelabelCase {
  readonly input: Readonly<Record<string, string>>
  readonly relabel: readonly {
    readonly SourceLabels?: readonly string[]
    readonly Separator?: string
    readonly Regex?: string
    readonly Modulus?: number
    readonly TargetLabel?: string
    readonly Replacement?: string
    readonly Action?: string
  }[]
  readonly output: Readonly<Record<string, string>>
  readonly drop: boolean
}

function runRelabelCases(text: string): CaseResult[] {
  const cases: readonly RelabelCase[] = JSON.parse(text)
  return cases.map(({ input, relabel: rules, output, drop }, i) => {
    const id = `${RELABEL_CASES}:${i + 1}`
    const labels = new Map(Object.entries(input))
    const isKept = relabel(labels, rules.map(relabelRule))
    const got = isKept ? JSON.stringify([...labels].sort()) : 'dropped'
    const want = drop ? 'dropped' : JSON.stringify(Object.entries(output).sort())
    return got === want
      ? { id, verdict: 'pass', reason: '' }
      : { id, verdict: 'fail', reason: `want ${want}, got ${got}` }
  })
}

/** Absent fields have the defaults of the configuration. */
function relabelRule(given: RelabelCase['relabel'][number]): RelabelRule {
  const pattern = compilePattern(given.Regex ?? '(.*)')
  if (!pattern.ok) throw new Error(pattern.error.message)
  return {
    action: (given.Action ?? 'replace').toLowerCase() as RelabelAction,
    sourceLabels: given.SourceLabels ?? [],
    separator: given.Separator ?? ';',
    pattern: pattern.value,
    modulus: given.Modulus ?? 0,
    targetLabel: given.TargetLabel ?? '',
    replacement: given.Replacement ?? '$1',
  }
}
