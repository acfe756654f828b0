/**
 * Runs test suites that others wrote and counts what passes.
 *
 *   npm run conformance -- SUITE [DIR] [--cases] [--http] [--minutes N]
 *
 * DIR holds the suite's files, or a folder `<folder>` with them; without it `../shared/conformance` beside the checkout is
 * taken. A live comparison (`prometheus-diff`) needs no files; it gathers samples for N minutes, 4 unless told otherwise.
 * One line per file, then as the very last line `N of M`: passed cases of all cases of the input.
 * Exit code 0 where everything passed but what is left out for a named reason, else 1.
 */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { FileResult, Suite, SuiteOptions } from './suite.ts'
import { isSuiteName, SUITES } from './suites.ts'

const CHECKOUT = resolve(import.meta.dirname, '../..')

interface Totals {
  passed: number
  cases: number
  leftOut: number
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      cases: { type: 'boolean', default: false },
      http: { type: 'boolean', default: false },
      dir: { type: 'string' },
      minutes: { type: 'string', default: '4' },
    },
  })
  const [name = '', givenDir] = positionals
  if (!isSuiteName(name)) {
    console.error(`usage: npm run conformance -- SUITE [DIR] [--cases] [--http] [--minutes N]`)
    console.error(`want a suite, one of ${Object.keys(SUITES).join(', ')}; got ${JSON.stringify(name)}`)
    return 1
  }
  const suite: Suite = SUITES[name]
  const minutes = Number(values.minutes)
  if (!(minutes > 0)) {
    console.error(`--minutes: want a positive number, got ${JSON.stringify(values.minutes)}`)
    return 1
  }
  const dir = suiteDir(suite, resolve(values.dir ?? givenDir ?? join(CHECKOUT, '../shared/conformance')))
  if (suite.folder !== undefined && !existsSync(dir)) {
    console.error(`no test data: ${dir} does not exist; name the folder of ${suite.folder} as DIR`)
    return 1
  }
  return report(suite, dir, values.cases, { isHttp: values.http, minutes })
}

/** The folder of the suite inside of one that holds several, else the folder itself. */
function suiteDir({ folder = '' }: Suite, given: string): string {
  const inner = join(given, folder)
  return existsSync(inner) ? inner : given
}

async function report(suite: Suite, dir: string, showsCases: boolean, options: SuiteOptions): Promise<number> {
  const totals: Totals = { passed: 0, cases: 0, leftOut: 0 }
  for await (const file of suite.run(dir, options)) {
    count(file, totals)
    console.log(fileLine(file))
    for (const { id, verdict, reason } of file.cases) {
      if (showsCases) console.log(`${id} ${verdict}${reason === '' ? '' : ` (${oneLine(reason)})`}`)
      else if (verdict === 'fail') console.log(`  ${id} fail (${oneLine(reason)})`)
    }
  }
  if (totals.cases === 0) console.error(`no cases in ${dir}`)
  console.log(`${totals.passed} of ${totals.cases}`)
  return totals.cases > 0 && totals.passed + totals.leftOut === totals.cases ? 0 : 1
}

function count(file: FileResult, totals: Totals): void {
  totals.cases += file.cases.length
  for (const { verdict } of file.cases) {
    if (verdict === 'pass') totals.passed++
    if (verdict === 'left out') totals.leftOut++
  }
}

function fileLine({ name, cases }: FileResult): string {
  const passed = cases.filter((one) => one.verdict === 'pass').length
  const reasons = new Map<string, number>()
  for (const { verdict, reason } of cases) {
    if (verdict === 'left out') reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  }
  const leftOut = [...reasons].map(([reason, times]) => `, left out: ${times} (${reason})`).join('')
  return `${name}  ${passed} of ${cases.length}${leftOut}`
}

const REASON_CHARS_MAX = 400

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ')
  return line.length > REASON_CHARS_MAX ? `${line.slice(0, REASON_CHARS_MAX)}…` : line
}

process.exitCode = await main()
