/**
 * Holds `docs/acceptance.md` to the last full test run: every promise names a test that ran and passed, a picture
 * that is there, or a figure of the last full run of a bench, which lies within the bound that the promise gives.
 *
 *   node tools/check-acceptance.ts [--results test-output/vitest.json]
 *
 * The results are what `vitest run --reporter=json --outputFile=test-output/vitest.json` wrote.
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { figureComplaint } from './bench-figures.ts'

const CHECKOUT = resolve(import.meta.dirname, '..')
const TABLE = 'docs/acceptance.md'
const FIGURES = 'bench/RESULTS.md'
/** All promises there are, where the list lies beside the checkout. */
const KNOWN_IDS = join(CHECKOUT, '../shared/acceptance.md')

/** `| ING-001 | POST /v1/metrics | `test/intake.test.ts › takes a batch` |` */
interface Promised {
  readonly line: number
  readonly id: string
  /** Tests as `file › title`, pictures as paths, figures as `bench/RESULTS.md › section › row › column ≤ bound`. */
  readonly proofs: readonly string[]
}

/** The part of vitest's report that is read. `name` is the file, absolute or from the checkout. */
export interface TestReport {
  readonly testResults: readonly {
    readonly name: string
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[]
      readonly title: string
      readonly status: string
    }[]
  }[]
}

interface AcceptanceInput {
  /** The text of `docs/acceptance.md`. */
  readonly table: string
  readonly report: TestReport
  /** Ids that may be promised; undefined where no list is at hand. */
  readonly knownIds: ReadonlySet<string> | undefined
  /** Whether a picture, named from the checkout, is there and not empty. */
  readonly hasPicture: (path: string) => boolean
  /** The text of `bench/RESULTS.md`. */
  readonly figures: string
  /** The checkout, against which the report's absolute file names are read. */
  readonly root: string
}

const ROW = /^\|\s*([A-Z]+-\d+)\s*\|(.*)\|\s*$/
const PICTURE = /\.(?:png|webp|svg)$/
const SEPARATOR = ' › '

/** @returns one line for each promise that is not kept, in the order of the table */
export function checkAcceptance(input: AcceptanceInput): string[] {
  const rows = readTable(input.table)
  const verdicts = readVerdicts(input.report, input.root)
  const complaints: string[] = []
  const seen = new Set<string>()
  if (rows.length === 0) complaints.push(`${TABLE}: no promises`)
  for (const { line, id, proofs } of rows) {
    const say = (text: string) => complaints.push(`${TABLE}:${line} ${id}: ${text}`)
    if (seen.has(id)) say('stands here twice')
    seen.add(id)
    if (input.knownIds?.has(id) === false) say('is no known id')
    if (proofs.length === 0) say('names no test and no picture')
    for (const proof of proofs) {
      const complaint = proofComplaint(proof, input, verdicts)
      if (complaint !== undefined) say(complaint)
    }
  }
  return complaints
}

function proofComplaint(proof: string, input: AcceptanceInput, verdicts: Map<string, string[]>): string | undefined {
  if (PICTURE.test(proof)) return pictureComplaint(proof, input.hasPicture)
  const figures = proof.startsWith(FIGURES + SEPARATOR) && proof.slice(FIGURES.length + SEPARATOR.length)
  return figures ? figureComplaint(figures, input.figures) : testComplaint(proof, verdicts.get(proof))
}

/** Code spans of the last column are the proofs; promises may hold code spans and escaped bars too. */
function readTable(table: string): Promised[] {
  const rows: Promised[] = []
  table.split('\n').forEach((text, i) => {
    const [, id, rest] = ROW.exec(text) ?? []
    if (id === undefined || rest === undefined) return
    const proof = rest.split(/(?<!\\)\|/).at(-1) as string
    const proofs = [...proof.matchAll(/`([^`]+)`/g)].map(([, span]) => (span as string).replaceAll('\\|', '|'))
    rows.push({ line: i + 1, id, proofs })
  })
  return rows
}

/** Statuses by `file › title` and `file › group › title`: several where a table runs one title more than once. */
function readVerdicts(report: TestReport, root: string): Map<string, string[]> {
  const verdicts = new Map<string, string[]>()
  for (const { name, assertionResults } of report.testResults) {
    const file = relative(root, resolve(root, name))
    for (const { ancestorTitles, title, status } of assertionResults) {
      const groups = ancestorTitles.filter((group) => group !== '')
      const keys = new Set(
        [
          [file, title],
          [file, ...groups, title],
        ].map((parts) => parts.join(SEPARATOR)),
      )
      for (const key of keys) verdicts.set(key, [...(verdicts.get(key) ?? []), status])
    }
  }
  return verdicts
}

function testComplaint(proof: string, statuses: readonly string[] | undefined): string | undefined {
  if (!proof.includes(SEPARATOR)) return `want \`test file › title\` or a picture, got \`${proof}\``
  if (statuses === undefined) return `\`${proof}\` did not run`
  const bad = statuses.find((status) => status !== 'passed')
  return bad === undefined ? undefined : `\`${proof}\` ended as ${bad}`
}

function pictureComplaint(proof: string, hasPicture: (path: string) => boolean): string | undefined {
  return hasPicture(proof) ? undefined : `the picture ${proof} is missing`
}

function readKnownIds(): Set<string> | undefined {
  if (!existsSync(KNOWN_IDS)) return undefined
  const ids = readFileSync(KNOWN_IDS, 'utf8').matchAll(/^\|\s*([A-Z]+-\d+)\s*\|/gm)
  return new Set([...ids].map(([, id]) => id as string))
}

function main(): number {
  const { values } = parseArgs({ options: { results: { type: 'string', default: 'test-output/vitest.json' } } })
  const results = resolve(CHECKOUT, values.results)
  for (const path of [join(CHECKOUT, TABLE), results]) {
    if (existsSync(path)) continue
    console.error(`${path} does not exist: write the table, and run all tests with --reporter=json first`)
    return 1
  }
  const knownIds = readKnownIds()
  if (knownIds === undefined) console.log('ids are not checked: no list of known ids beside the checkout')
  const table = readFileSync(join(CHECKOUT, TABLE), 'utf8')
  const complaints = checkAcceptance({
    table,
    report: JSON.parse(readFileSync(results, 'utf8')),
    knownIds,
    hasPicture: (path) => existsSync(join(CHECKOUT, path)) && statSync(join(CHECKOUT, path)).size > 0,
    figures: readFileSync(join(CHECKOUT, FIGURES), 'utf8'),
    root: CHECKOUT,
  })
  for (const complaint of complaints) console.error(complaint)
  const promised = readTable(table).length
  const broken = new Set(complaints.map((text) => text.split(': ', 1)[0])).size
  console.log(`${promised} promises, ${broken} not kept`)
  return complaints.length === 0 ? 0 : 1
}

if (import.meta.main) process.exitCode = main()
