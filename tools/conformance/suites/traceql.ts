import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { checkQuery, parseTraceql, TRACEQL_LIMITS } from '../../../packages/query/src/traceql/index.ts'
import type { CaseResult, FileResult, Suite, SuiteOptions } from '../suite.ts'
import { runExamples } from './otlp.ts'
import { httpTarget, memoryTarget } from './otlp-targets.ts'
import { runRow, type TraceqlRow } from './traceql-rows.ts'

/**
 * Tempo's tables: YAML lists of texts by what must become of them, JSON tables of evaluations and parsed forms, and traces
 * to be read back.
 */
export const traceqlSuite: Suite = { folder: 'tempo-traceql', run }

async function* run(dir: string, { isHttp }: SuiteOptions): AsyncIterable<FileResult> {
  for (const name of (await readdir(dir)).sort()) {
    if (name.endsWith('.yaml')) yield await runFile(join(dir, name), runTexts)
    if (name.endsWith('.json')) yield await runFile(join(dir, name), runRows)
  }
  yield* runExamples(dir, 'traces', isHttp ? httpTarget : memoryTarget)
}

/** A file that cannot be read counts as one failed case. */
async function runFile(path: string, cases: (text: string) => CaseResult[]): Promise<FileResult> {
  const name = basename(path)
  try {
    return { name, cases: cases(await readFile(path, 'utf8')) }
  } catch (error) {
    const reason = `unreadable: ${error instanceof Error ? error.message : String(error)}`
    return { name, cases: [{ id: name, verdict: 'fail', reason }] }
  }
}

function runTexts(yaml: string): CaseResult[] {
  const cases: CaseResult[] = []
  for (const { section, text, line } of textLists(yaml)) {
    const reason = textProblem(section, text)
    cases.push({ id: `${section}:${line}`, verdict: reason === '' ? 'pass' : 'fail', reason })
  }
  return cases
}

/** Lists of one-line texts under names: as much of YAML as the file has. */
function textLists(yaml: string): { section: string; text: string; line: number }[] {
  const out: { section: string; text: string; line: number }[] = []
  let section = ''
  for (const [i, line] of yaml.split('\n').entries()) {
    const name = /^(\w+):\s*$/.exec(line)?.[1]
    if (name !== undefined) section = name
    const item = /^\s*- (.*)$/.exec(line)?.[1]
    if (item !== undefined) out.push({ section, text: scalar(item.trim()), line: i + 1 })
  }
  return out
}

function scalar(text: string): string {
  if (text.startsWith("'")) return text.slice(1, -1).replaceAll("''", "'")
  return text.startsWith('"') ? (JSON.parse(text) as string) : text
}

/** Texts under `unsupported` must parse; taking them is as good as refusing them. */
function textProblem(section: string, text: string): string {
  const parsed = parseTraceql(text, TRACEQL_LIMITS)
  if (section === 'parse_fails') return parsed.ok ? `parsed: ${text}` : ''
  if (!parsed.ok) return `${text}: ${parsed.error.message}`
  if (section === 'unsupported') return ''
  const checked = checkQuery(parsed.value, TRACEQL_LIMITS)
  if (section === 'validate_fails') return checked.ok ? `passed the checks: ${text}` : ''
  if (section !== 'valid') return `unknown list ${section}`
  return checked.ok ? '' : `${text}: ${checked.error.message}`
}

function runRows(json: string): CaseResult[] {
  const rows = JSON.parse(json) as TraceqlRow[]
  return rows.map((row, i) => {
    const id = `${i}:${row.test}${row.name === undefined ? '' : `:${row.name}`}`
    try {
      return { id, ...runRow(row) }
    } catch (error) {
      return { id, verdict: 'fail' as const, reason: error instanceof Error ? error.message : String(error) }
    }
  })
}
