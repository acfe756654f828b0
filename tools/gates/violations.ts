/**
 * One violation of every rule that a tool keeps, and what the tool must say about it. The walls are written out here a
 * second time on purpose: a wall that falls out of `biome.json` is missed only by a list that was not read from it.
 */

/** A file to plant, and the rule it must be refused by. */
export interface Violation {
  readonly rule: string
  readonly file: string
  readonly text: string
  readonly code: string
  /** Files that the violation needs beside it. */
  readonly beside?: Readonly<Record<string, string>>
}

export interface Wall {
  readonly folder: string
  /** Doors of ours that it may enter. */
  readonly allowed: readonly string[]
}

const STAGE = ['model', 'bytes', 'observe'] as const

export const WALLS: Readonly<Record<string, Wall>> = {
  model: { folder: 'packages/model', allowed: [] },
  bytes: { folder: 'packages/bytes', allowed: [] },
  observe: { folder: 'packages/observe', allowed: ['model'] },
  detect: { folder: 'packages/detect', allowed: ['model'] },
  charts: { folder: 'packages/charts', allowed: ['model'] },
  receive: { folder: 'packages/receive', allowed: STAGE },
  decode: { folder: 'packages/decode', allowed: STAGE },
  log: { folder: 'packages/log', allowed: STAGE },
  store: { folder: 'packages/store', allowed: STAGE },
  'store-clickhouse': { folder: 'packages/store-clickhouse', allowed: STAGE },
  query: { folder: 'packages/query', allowed: STAGE },
  alert: { folder: 'packages/alert', allowed: ['model', 'observe', 'query', 'detect'] },
  api: { folder: 'packages/api', allowed: ['model', 'observe', 'query', 'alert'] },
  agent: { folder: 'apps/agent', allowed: ['receive', 'decode', 'model', 'bytes', 'observe'] },
  dashboard: { folder: 'apps/dashboard', allowed: ['api/client', 'charts', 'model'] },
  cli: {
    folder: 'apps/cli',
    allowed: ['api/client', 'decode', 'log', 'store', 'query', 'alert', 'model', 'bytes'],
  },
  server: {
    folder: 'apps/server',
    allowed: [
      ...['model', 'bytes', 'observe', 'detect', 'receive', 'decode', 'log', 'store', 'store-clickhouse'],
      ...['query', 'alert', 'api'],
    ],
  },
}

/** Folders whose members do not know each other. */
export const FAMILIES = [
  {
    folder: 'packages/decode',
    members: ['remote-write', 'otlp', 'json-batch', 'stream', 'text', 'influx', 'statsd', 'metric-family'],
    why: 'protocols do not import each other',
  },
  {
    folder: 'packages/query',
    members: ['promql', 'logql', 'traceql'],
    why: 'query languages do not import each other',
  },
] as const

const LONG_FUNCTION = `export function long(value: number): number {\n  let sum = value\n${'  sum += value\n'.repeat(70)}  return sum\n}\n`
const LONG_FILE = Array.from({ length: 501 }, (_, i) => `export const line${i} = ${i}\n`).join('')

const PLANTED = 'packages/store/src/planted'

/** Walls of another kind, doors, loops, sizes, and what is never written. */
export const SOURCES: readonly Violation[] = [
  {
    rule: "the client door knows nothing of the server's side",
    file: 'packages/api/src/client/planted-door.ts',
    text: "import { x } from '../route.ts'\nexport const y = x\n",
    code: 'lint/style/noRestrictedImports',
  },
  {
    rule: 'the client door imports only model',
    file: 'packages/api/src/client/planted-query.ts',
    text: "import { parsePromql } from '@vantage/query/promql'\nexport const y = parsePromql\n",
    code: 'lint/style/noRestrictedImports',
  },
  {
    rule: 'undeclared dependency',
    file: `${PLANTED}/undeclared.ts`,
    text: "import { z } from 'zod'\nexport const y = z\n",
    code: 'lint/correctness/noUndeclaredDependencies',
  },
  {
    rule: 'undeclared dependency of the benches',
    file: 'bench/planted-undeclared.ts',
    text: "import { z } from 'zod'\nexport const y = z\n",
    code: 'lint/correctness/noUndeclaredDependencies',
  },
  {
    rule: 'import of a file that is not there',
    file: `${PLANTED}/unresolved.ts`,
    text: "import { x } from './nowhere.ts'\nexport const y = x\n",
    code: 'lint/correctness/noUnresolvedImports',
  },
  {
    rule: 'import cycle',
    file: `${PLANTED}/cycle-a.ts`,
    text: "import { b } from './cycle-b.ts'\nexport const a = () => b\n",
    code: 'lint/suspicious/noImportCycles',
    beside: { [`${PLANTED}/cycle-b.ts`]: "import { a } from './cycle-a.ts'\nexport const b = () => a\n" },
  },
  {
    rule: 'barrel file that is no door',
    file: `${PLANTED}/barrel.ts`,
    text: "export { x } from './barrel-x.ts'\n",
    code: 'lint/performance/noBarrelFile',
    beside: { [`${PLANTED}/barrel-x.ts`]: 'export const x = 1\n' },
  },
  {
    rule: 'export *',
    file: 'packages/store/src/planted-door/index.ts',
    text: "export * from './star-x.ts'\n",
    code: 'lint/performance/noReExportAll',
    beside: { 'packages/store/src/planted-door/star-x.ts': 'export const x = 1\n' },
  },
  {
    rule: 'function of more than 70 lines',
    file: `${PLANTED}/long-function.ts`,
    text: LONG_FUNCTION,
    code: 'lint/complexity/noExcessiveLinesPerFunction',
  },
  {
    rule: 'file of more than 500 lines',
    file: `${PLANTED}/long-file.ts`,
    text: LONG_FILE,
    code: 'lint/style/noExcessiveLinesPerFile',
  },
  {
    rule: 'any',
    file: `${PLANTED}/any.ts`,
    text: 'export const x: any = 1\n',
    code: 'lint/suspicious/noExplicitAny',
  },
  {
    rule: 'console in a package',
    file: `${PLANTED}/console.ts`,
    text: "console.log('x')\n",
    code: 'lint/suspicious/noConsole',
  },
  {
    rule: 'console in the server',
    file: 'apps/server/src/planted-console.ts',
    text: "console.error('x')\n",
    code: 'lint/suspicious/noConsole',
  },
  {
    rule: 'unused import',
    file: `${PLANTED}/unused-import.ts`,
    text: "import { labelValue } from '@vantage/model'\nexport const x = 1\n",
    code: 'lint/correctness/noUnusedImports',
  },
  {
    rule: 'type imported as a value',
    file: `${PLANTED}/import-type.ts`,
    text: "import { Labels } from '@vantage/model'\nexport const x: Labels = []\n",
    code: 'lint/style/useImportType',
  },
  {
    rule: 'node module without node:',
    file: `${PLANTED}/node-protocol.ts`,
    text: "import { join } from 'path'\nexport const x = join\n",
    code: 'lint/style/useNodejsImportProtocol',
  },
  {
    rule: 'dangerouslySetInnerHTML',
    file: 'apps/dashboard/src/planted-dangerous.tsx',
    text: 'export const x = (html: string) => <p dangerouslySetInnerHTML={{ __html: html }} />\n',
    code: 'lint/security/noDangerouslySetInnerHtml',
  },
  ...[
    ['innerHTML', 'target.innerHTML = text'],
    ['innerHTML +=', 'target.innerHTML += text'],
    ['outerHTML', 'target.outerHTML = text'],
    ['insertAdjacentHTML', "target.insertAdjacentHTML('beforeend', text)"],
    ['setHTMLUnsafe', 'target.setHTMLUnsafe(text)'],
    ['createContextualFragment', 'document.createRange().createContextualFragment(text)'],
    ['document.write', 'document.write(text)'],
    ['srcdoc', 'frame.srcdoc = text'],
  ].map(([rule = '', line = ''], i): Violation => {
    const declared = 'export function x(target: Element, frame: HTMLIFrameElement, text: string): void'
    const text = `${declared} {\n  ${line}\n}\n`
    return { rule, file: `apps/dashboard/src/planted-markup-${i}.tsx`, text, code: 'plugin' }
  }),
  {
    rule: 'innerHTML in the charts',
    file: 'packages/charts/src/planted-markup.ts',
    text: 'export function x(target: Element, text: string): void {\n  target.innerHTML = text\n}\n',
    code: 'plugin',
  },
]

/** Form. */
export const FORMS: readonly Violation[] = [
  { rule: 'form: semicolons', file: `${PLANTED}/semicolons.ts`, text: 'export const x = 1;\n', code: 'format' },
  { rule: 'form: quotes', file: `${PLANTED}/quotes.ts`, text: 'export const x = "1"\n', code: 'format' },
]

/** Where a rule must be silent. */
export const EXCEPTIONS: readonly Violation[] = [
  {
    rule: 'a door may re-export names',
    file: 'packages/store/src/planted-names/index.ts',
    text: "export { x } from '../planted-door/star-x.ts'\n",
    code: 'lint/performance/noBarrelFile',
  },
  {
    rule: 'a table of a test may be long',
    file: 'packages/store/src/planted/table.test.ts',
    text: LONG_FUNCTION + LONG_FILE,
    code: 'lint/style/noExcessiveLinesPerFile',
  },
  {
    rule: 'a tool may print',
    file: 'tools/planted-print.ts',
    text: "console.log('x')\n",
    code: 'lint/suspicious/noConsole',
  },
]

const TYPED = 'packages/bytes/src'

/** What the compiler refuses, one line per flag. */
export const TYPES: readonly Violation[] = [
  {
    rule: 'import past the door of another package',
    file: 'packages/store/src/planted-past-door.ts',
    text: "import { STATUS } from '@vantage/model/src/fault.ts'\nexport const x = STATUS\n",
    code: 'TS2307',
  },
  {
    rule: 'import through a door that does not exist',
    file: 'packages/store/src/planted-no-door.ts',
    text: "import { STATUS } from '@vantage/model/fault'\nexport const x = STATUS\n",
    code: 'TS2307',
  },
  {
    rule: 'strict: implicit any',
    file: `${TYPED}/planted-implicit-any.ts`,
    text: 'export function x(value) {\n  return value\n}\n',
    code: 'TS7006',
  },
  {
    rule: 'strict: null',
    file: `${TYPED}/planted-null.ts`,
    text: 'export const x: string = null\n',
    code: 'TS2322',
  },
  {
    rule: 'strict: caught values are unknown',
    file: `${TYPED}/planted-catch.ts`,
    text: 'export function x(): string {\n  try {\n    return String(1)\n  } catch (error) {\n    return error.message\n  }\n}\n',
    code: 'TS18046',
  },
  {
    rule: 'strict: uninitialised property',
    file: `${TYPED}/planted-property.ts`,
    text: 'export class X {\n  value: number\n}\n',
    code: 'TS2564',
  },
  {
    rule: 'noUncheckedIndexedAccess',
    file: `${TYPED}/planted-index.ts`,
    text: 'export const x = (list: string[]): string => list[0]\n',
    code: 'TS2322',
  },
  {
    rule: 'exactOptionalPropertyTypes',
    file: `${TYPED}/planted-optional.ts`,
    text: 'export const x: { a?: string } = { a: undefined }\n',
    code: 'TS2375',
  },
  {
    rule: 'noImplicitOverride',
    file: `${TYPED}/planted-override.ts`,
    text: 'class A {\n  go(): void {}\n}\nexport class B extends A {\n  go(): void {}\n}\n',
    code: 'TS4114',
  },
  {
    rule: 'noFallthroughCasesInSwitch',
    file: `${TYPED}/planted-fallthrough.ts`,
    text: 'export function x(a: number): number {\n  let b = 0\n  switch (a) {\n    case 1:\n      b = 1\n    default:\n      b = 2\n  }\n  return b\n}\n',
    code: 'TS7029',
  },
  {
    rule: 'noUnusedLocals',
    file: `${TYPED}/planted-local.ts`,
    text: 'export function x(): void {\n  const unused = 1\n}\n',
    code: 'TS6133',
  },
  {
    rule: 'noUnusedParameters',
    file: `${TYPED}/planted-parameter.ts`,
    text: 'export function x(unused: number): void {}\n',
    code: 'TS6133',
  },
  {
    rule: 'verbatimModuleSyntax',
    file: `${TYPED}/planted-verbatim.ts`,
    text: "import { T } from './planted-verbatim-t.ts'\nexport const x: T = 1\n",
    code: 'TS1484',
    beside: { [`${TYPED}/planted-verbatim-t.ts`]: 'export type T = number\n' },
  },
  {
    rule: 'erasableSyntaxOnly: enum',
    file: `${TYPED}/planted-enum.ts`,
    text: 'export enum X {\n  A,\n}\n',
    code: 'TS1294',
  },
  {
    rule: 'erasableSyntaxOnly: parameter property',
    file: `${TYPED}/planted-parameter-property.ts`,
    text: 'export class X {\n  constructor(readonly a: number) {}\n}\n',
    code: 'TS1294',
  },
  {
    rule: 'imports end in .ts',
    file: `${TYPED}/planted-extension.ts`,
    text: "import { readVarint } from './varint'\nexport const x = readVarint\n",
    code: 'TS2835',
  },
  {
    rule: "the server's code knows no browser",
    file: 'packages/store/src/planted-browser.ts',
    text: 'export const x = document.title\n',
    code: 'TS2584',
  },
  {
    rule: "the browser's code knows no Node",
    file: 'packages/charts/src/planted-node.ts',
    text: 'export const x = process.pid\n',
    code: 'TS2591',
  },
]
