import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parseLogql } from '../../../packages/query/src/logql/index.ts'
import { runScript } from '../../../packages/query/src/logql-script/index.ts'
import type { CaseResult, FileResult, Suite } from '../suite.ts'
import { answerComplaint } from './logql-answers.ts'
import { JUDGES, type StageCase } from './logql-stages.ts'

const PARSE_CASES = 'parse_cases.json'
const STAGE_CASES = 'stage_cases.json'
const ANSWERS = 'api_answers.json'

/** The scripts and tables of Loki: `*.logqltest`, `parse_cases.json` (judged by validity), `stage_cases.json`, `api_answers.json`. */
export const logqlSuite: Suite = { folder: 'loki-logql', run }

async function* run(dir: string): AsyncIterable<FileResult> {
  const entries = await readdir(dir, { recursive: true })
  for (const name of entries.filter((entry) => entry.endsWith('.logqltest')).sort()) {
    yield await runFile(join(dir, name), runScriptCases)
  }
  if (entries.includes(PARSE_CASES)) yield await runFile(join(dir, PARSE_CASES), runParseCases)
  if (entries.includes(STAGE_CASES)) yield await runFile(join(dir, STAGE_CASES), runStageCases)
  if (entries.includes(ANSWERS)) yield await runFile(join(dir, ANSWERS), runAnswers)
}

/** A file that cannot be read counts as one failed case. */
async function runFile(path: string, cases: (text: string, name: string) => CaseResult[]): Promise<FileResult> {
  const name = basename(path)
  try {
    return { name, cases: cases(await readFile(path, 'utf8'), name) }
  } catch (error) {
    return { name, cases: [{ id: name, verdict: 'fail', reason: `unreadable: ${messageOf(error)}` }] }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function runScriptCases(text: string, name: string): CaseResult[] {
  return runScript(text).map(({ line, verdict, reason }) => ({ id: `${name}:${line}`, verdict, reason }))
}

interface ParseCase {
  readonly query: string
  readonly valid: boolean
}

function runParseCases(text: string): CaseResult[] {
  const cases: readonly ParseCase[] = JSON.parse(text)
  return cases.map(({ query, valid }, i) => {
    return judged(`${PARSE_CASES}:${i + 1}`, () => {
      const parsed = parseLogql(query)
      if (parsed.ok === valid) return ''
      return parsed.ok ? 'want a refusal' : parsed.error.message
    })
  })
}

function runStageCases(text: string): CaseResult[] {
  const cases: readonly StageCase[] = JSON.parse(text)
  return cases.map((one, i) => {
    return judged(`${STAGE_CASES}:${i + 1}`, () => {
      // `jsonexpr/jsonexpr/TestX`: file, package and test; the last two tell tests apart.
      const name = one.test.split('/').slice(-2).join('/')
      const judge = JUDGES[name]
      return judge === undefined ? `unknown test ${one.test}` : judge(one.row ?? [], one)
    })
  })
}

function runAnswers(text: string): CaseResult[] {
  const answers: readonly string[] = JSON.parse(text)
  return answers.map((answer, i) => judged(`${ANSWERS}:${i + 1}`, () => answerComplaint(answer)))
}

/** @param complaintOf what is wrong; '' = nothing */
function judged(id: string, complaintOf: () => string): CaseResult {
  try {
    const reason = complaintOf()
    return { id, verdict: reason === '' ? 'pass' : 'fail', reason }
  } catch (error) {
    return { id, verdict: 'fail', reason: `crashed: ${messageOf(error)}` }
  }
}
