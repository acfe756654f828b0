/**
 * Sees every gate of this repository fail: plants violations of each rule in a copy of the checkout, runs the tool that
 * keeps the rule, and expects it to name the planted file and rule. A wall must also let through what it allows.
 *
 *   node tools/check-gates.ts
 *
 * One line per rule, `N passed, N failed` last. Exit code 1 where a gate stayed green.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { EXCEPTIONS, FAMILIES, FORMS, SOURCES, TYPES, WALLS } from './gates/violations.ts'

const CHECKOUT = resolve(import.meta.dirname, '..')
const TOOL_TIMEOUT_MS = 300_000
const OUTPUT_BYTES_MAX = 256 * 1024 * 1024

/** What a tool said about one line of one file. `rule`: `lint/style/noRestrictedImports`, `TS2322`, `exports`. */
interface Finding {
  readonly file: string
  readonly rule: string
  readonly line: number
}

/** A rule, and what is wrong with its gate; undefined where it held. */
interface Verdict {
  readonly rule: string
  readonly complaint: string | undefined
}

function main(): number {
  const copy = mkdtempSync(join(tmpdir(), 'vantage-gates-'))
  try {
    copyCheckout(copy)
    const verdicts = [...checkBiome(copy), ...checkTypes(copy), ...checkKnip(copy)]
    for (const { rule, complaint } of verdicts) {
      console.log(complaint === undefined ? `ok    ${rule}` : `FAIL  ${rule}: ${complaint}`)
    }
    const failed = verdicts.filter(({ complaint }) => complaint !== undefined).length
    console.log(`${verdicts.length - failed} passed, ${failed} failed`)
    return failed === 0 ? 0 : 1
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

/** Files that git knows or would take, and the links of every `node_modules`, so that all imports resolve in the copy. */
function copyCheckout(copy: string): void {
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: CHECKOUT,
    encoding: 'utf8',
    maxBuffer: OUTPUT_BYTES_MAX,
  })
  const files = new Set(list.split('\0').filter((name) => name !== '' && existsSync(join(CHECKOUT, name))))
  for (const name of files) {
    mkdirSync(dirname(join(copy, name)), { recursive: true })
    cpSync(join(CHECKOUT, name), join(copy, name))
  }
  symlinkSync(join(CHECKOUT, 'node_modules'), join(copy, 'node_modules'))
  for (const name of files) {
    const links = join(dirname(name), 'node_modules')
    const isPackage = name.endsWith('/package.json') && existsSync(join(CHECKOUT, links))
    if (isPackage) cpSync(join(CHECKOUT, links), join(copy, links), { recursive: true, verbatimSymlinks: true })
  }
}

function plant(copy: string, file: string, text: string): void {
  mkdirSync(dirname(join(copy, file)), { recursive: true })
  writeFileSync(join(copy, file), text)
}

/** @returns stdout and stderr; a tool that finds something ends with a code other than 0 */
function output(copy: string, tool: string, args: readonly string[]): string {
  const run = spawnSync(join(copy, 'node_modules/.bin', tool), args, {
    cwd: copy,
    encoding: 'utf8',
    timeout: TOOL_TIMEOUT_MS,
    maxBuffer: OUTPUT_BYTES_MAX,
  })
  if (run.error !== undefined) throw run.error
  return run.stdout === '' ? run.stderr : run.stdout
}

function expectRule(findings: readonly Finding[], file: string, rule: string): string | undefined {
  const here = findings.filter((one) => one.file === file)
  if (here.some((one) => one.rule === rule)) return undefined
  const seen = here.map((one) => one.rule).join(', ')
  return `want ${rule} in ${file}, got ${seen === '' ? 'nothing' : seen}`
}

const RESTRICTED = 'lint/style/noRestrictedImports'

/** Lines are imports, from line 1: those of `refused` must be named, those of `allowed` after them must not. */
interface WallPlant {
  readonly rule: string
  readonly file: string
  readonly refused: readonly string[]
  readonly allowed: readonly string[]
}

function wallPlants(): WallPlant[] {
  const names = Object.keys(WALLS)
  const plants: WallPlant[] = []
  for (const [name, { folder, allowed }] of Object.entries(WALLS)) {
    const doors = allowed.map((one) => `@vantage/${one}`)
    const others = names.filter((one) => one !== name && !allowed.includes(one)).map((one) => `@vantage/${one}`)
    const tunnels = ['../../../packages/bytes/src/varint.ts', '../../store/src/metrics/index.ts']
    const rule = `wall ${name}: only ${allowed.length === 0 ? 'nothing of ours' : allowed.join(', ')}`
    const refused = [...others, ...others.map((door) => `${door}/inner`), ...tunnels]
    plants.push({ rule, file: `${folder}/src/planted/wall.ts`, refused, allowed: doors })
  }
  for (const { folder, members, why } of FAMILIES) {
    for (const member of members) {
      const others = members.filter((one) => one !== member)
      const refused = others.flatMap((one) => [`../${one}/index.ts`, `../../${folder.split('/')[1]}/src/${one}/x.ts`])
      const file = `${folder}/src/${member}/planted-family.ts`
      plants.push({ rule: `${why}: ${member}`, file, refused, allowed: ['@vantage/model', './index.ts'] })
    }
  }
  return plants
}

function checkBiome(copy: string): Verdict[] {
  const walls = wallPlants()
  for (const { file, refused, allowed } of walls) {
    const lines = [...refused, ...allowed].map((door, i) => `import { x${i} } from '${door}'`)
    plant(copy, file, `${lines.join('\n')}\n`)
  }
  for (const { file, text, beside } of SOURCES) {
    plant(copy, file, text)
    for (const [name, other] of Object.entries(beside ?? {})) plant(copy, name, other)
  }
  for (const { file, text } of [...FORMS, ...EXCEPTIONS]) plant(copy, file, text)
  const args = ['check', '--reporter=json', '--max-diagnostics=none', '--colors=off', '.']
  const report = JSON.parse(output(copy, 'biome', args)) as BiomeReport
  const findings = report.diagnostics.map(({ category, location }): Finding => {
    return { file: location?.path ?? '', rule: category, line: location?.start?.line ?? 0 }
  })
  return [
    ...walls.map((wall) => ({ rule: wall.rule, complaint: wallComplaint(findings, wall) })),
    ...[...SOURCES, ...FORMS].map(({ rule, file, code }) => ({ rule, complaint: expectRule(findings, file, code) })),
    ...EXCEPTIONS.map(({ rule, file, code }) => ({ rule, complaint: expectSilence(findings, file, code) })),
  ]
}

interface BiomeReport {
  readonly diagnostics: readonly {
    readonly category: string
    readonly location?: { readonly path?: string; readonly start?: { readonly line: number } }
  }[]
}

function wallComplaint(findings: readonly Finding[], { file, refused, allowed }: WallPlant): string | undefined {
  const lines = new Set(findings.filter((one) => one.file === file && one.rule === RESTRICTED).map((one) => one.line))
  const open = refused.filter((_, i) => !lines.has(i + 1))
  if (open.length > 0) return `lets through ${open.join(', ')}`
  const shut = allowed.filter((_, i) => lines.has(refused.length + i + 1))
  return shut.length > 0 ? `refuses ${shut.join(', ')}` : undefined
}

function expectSilence(findings: readonly Finding[], file: string, rule: string): string | undefined {
  const isNamed = findings.some((one) => one.file === file && one.rule === rule)
  return isNamed ? `${rule} in ${file}, where it is allowed` : undefined
}

const TSC_LINE = /^(\S+?)\((\d+),\d+\): error (TS\d+)/

function checkTypes(copy: string): Verdict[] {
  for (const { file, text, beside } of TYPES) {
    plant(copy, file, text)
    for (const [name, other] of Object.entries(beside ?? {})) plant(copy, name, other)
  }
  const findings: Finding[] = []
  for (const text of output(copy, 'tsc', ['-b', '--pretty', 'false', '--force']).split('\n')) {
    const [, file, line, rule] = TSC_LINE.exec(text) ?? []
    if (file !== undefined && rule !== undefined) findings.push({ file, rule, line: Number(line) })
  }
  return TYPES.map(({ rule, file, code }) => ({ rule, complaint: expectRule(findings, file, code) }))
}

/** What knip prints with `--reporter json`, as far as we ask it. */
interface KnipReport {
  readonly issues: readonly {
    readonly file: string
    readonly files?: readonly unknown[]
    readonly exports?: readonly { readonly name: string }[]
    readonly types?: readonly { readonly name: string }[]
    readonly dependencies?: readonly { readonly name: string }[]
    readonly devDependencies?: readonly { readonly name: string }[]
    readonly unlisted?: readonly { readonly name: string }[]
  }[]
  readonly files?: readonly string[]
}

function checkKnip(copy: string): Verdict[] {
  const manifest = join(copy, 'packages/bytes/package.json')
  const owner = JSON.parse(readFileSync(manifest, 'utf8'))
  owner.dependencies['planted-dependency'] = '1.0.0'
  owner.devDependencies['planted-dev-dependency'] = '1.0.0'
  writeFileSync(manifest, JSON.stringify(owner, undefined, 2))
  plant(copy, 'packages/bytes/src/planted-dead.ts', 'export const plantedDead = 1\n')
  plant(
    copy,
    'packages/bytes/src/planted-live.ts',
    'export const plantedLive = 1\nexport const plantedUnused = 2\nexport type PlantedUnused = string\n',
  )
  plant(
    copy,
    'packages/bytes/src/planted.test.ts',
    "import { plantedLive } from './planted-live.ts'\nprocess.exit(plantedLive)\n",
  )
  const report = JSON.parse(output(copy, 'knip', ['--reporter', 'json', '--no-progress'])) as KnipReport
  const live = report.issues.find((one) => one.file === 'packages/bytes/src/planted-live.ts')
  const packed = report.issues.find((one) => one.file === 'packages/bytes/package.json')
  const dead = 'packages/bytes/src/planted-dead.ts'
  const isDeadNamed =
    report.files?.includes(dead) === true ||
    report.issues.some((one) => one.file === dead && (one.files?.length ?? 0) > 0)
  const has = (list: readonly { readonly name: string }[] | undefined, name: string) =>
    list?.some((one) => one.name === name) === true
  const verdict = (rule: string, isNamed: boolean): Verdict => {
    return { rule, complaint: isNamed ? undefined : 'knip did not name it' }
  }
  return [
    verdict('dead file', isDeadNamed),
    verdict('dead export', has(live?.exports, 'plantedUnused')),
    verdict('dead exported type', has(live?.types, 'PlantedUnused')),
    verdict('a used export is no dead one', !has(live?.exports, 'plantedLive')),
    verdict('unused dependency', has(packed?.dependencies, 'planted-dependency')),
    verdict('unused development dependency', has(packed?.devDependencies, 'planted-dev-dependency')),
  ]
}

process.exitCode = main()
