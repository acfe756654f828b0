import { isDeepStrictEqual } from 'node:util'
import { compileRegex, compileSearch, FaultError, type Labels } from '../../../packages/model/src/index.ts'
import { requiredLabels } from '../../../packages/query/src/logql/evaluate/pipeline.ts'
import { LOGQL_LIMITS, parseLogql } from '../../../packages/query/src/logql/index.ts'
import type { LabelFilter, Stage } from '../../../packages/query/src/logql/language/plan.ts'
import { compileStage } from '../../../packages/query/src/logql/stages/compile.ts'
import { holdsIp, parseIpRange } from '../../../packages/query/src/logql/stages/ip.ts'
import { parseJsonPath } from '../../../packages/query/src/logql/stages/json-path.ts'
import { capturingPattern, filteringPattern, parsePattern } from '../../../packages/query/src/logql/stages/pattern.ts'
import { Row } from '../../../packages/query/src/logql/stages/row.ts'
import { alignLeft, alignRight, substring, trunc } from '../../../packages/query/src/logql/template/text-functions.ts'
import {
  type Cell,
  callOf,
  extractionsOf,
  filterOf,
  formatsOf,
  hintsPreserveErrors,
  type LineTree,
  labelsOf,
  lineTreeOf,
  listOf,
  matcherOf,
  numberOf,
  stageOf,
  textOf,
} from './logql-values.ts'

/** A row of a table: its cells in order, or by name. */
export interface StageCase {
  readonly test: string
  readonly row?: readonly Cell[]
  readonly [name: string]: Cell | undefined
}

/** What is wrong with the product's answer; '' where it is right. */
type Judge = (cells: readonly Cell[], named: StageCase) => string

/** Lines that the tables name without giving them: ours, with the members that their rows ask for. */
const LINES: Readonly<Record<string, string>> = {
  jsonLine: '{"response_latency_seconds":"0.25","the_real_ip":"192.0.2.7","status":200}',
  packedLike: '{"job":"shop","app":"web","pod":"web-1","_entry":"GET /cart"}',
  nginxline: '192.0.2.7 - - [01/Feb/2025:03:04:05 +0000] "GET /cart/?id=1 HTTP/1.1" 200 512 "-" "curl/8"',
  logFmt: 'size=36 name=first name=second style=bold',
}
const JSON_LINE =
  '{"app":"foo","field with space":"value","field with ÜFT8👌":"value","null_field":null,"bool_field":false,"namespace":"prod","pod":{"uuid":"foo","deployment":{"ref":"foobar", "params": [1,2,3,"string_value"]}}}'
const LOGFMT_LINE = 'app=foo level=error spaces="value with ÜFT8👌" ts=2021-02-12T19:18:10.037940878Z'

/** Lines that filters are tried on. */
const SAMPLES = [
  '',
  'foo',
  'FOO',
  'ba',
  'bar',
  'xfoobarx',
  'buzz',
  'fuzz',
  'zz',
  'b',
  'f',
  'ar',
  'fobo',
  'a1',
  'foo.*',
  ' foo',
  'uzz 200',
  '"GET 500',
  'fatal',
  '界ïb',
]

interface RunOptions {
  readonly metadata?: readonly [string, string][]
  readonly preservesErrors?: boolean
  readonly error?: string
  readonly errorDetails?: string
  readonly timeNs?: bigint
}

interface Ran {
  readonly isKept: boolean
  readonly line: string
  readonly labels: Labels
}

function run(stages: readonly Stage[], line: string, base: readonly [string, string][], options: RunOptions = {}): Ran {
  const row = new Row()
  row.reset(sorted(base))
  row.line = line
  row.timeNs = options.timeNs ?? 1_661_518_453_244_672_570n
  row.error = options.error ?? ''
  row.errorDetails = options.errorDetails ?? ''
  for (const [name, value] of options.metadata ?? []) row.addMetadata(name, value)
  const stepOptions = {
    needsNoLabels: false,
    preservesErrors: options.preservesErrors ?? false,
    nowNs: 1_661_518_453_000_000_000n,
  }
  const isKept = stages.every((stage) => compileStage(stage, LOGQL_LIMITS, stepOptions)(row))
  return { isKept, line: row.line, labels: row.labels() }
}

function sorted(pairs: readonly [string, string][]): string[] {
  return [...pairs].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).flat()
}

function same(got: unknown, want: unknown): string {
  const [shownGot, shownWant] = [JSON.stringify(got), JSON.stringify(want)]
  return shownGot === shownWant ? '' : `want ${shownWant}, got ${shownGot}`
}

function sameLabels(got: Labels, want: Cell | undefined): string {
  return same([...got], sorted(labelsOf(want)))
}

/** The message of a refusal; undefined where it is taken. */
function refusal(read: () => unknown): string | undefined {
  try {
    read()
    return undefined
  } catch (error) {
    if (error instanceof FaultError) return error.fault.message
    throw error
  }
}

function sameRefusal(read: () => unknown, isWanted: boolean): string {
  const message = refusal(read)
  return (message !== undefined) === isWanted ? '' : (message ?? 'want a refusal')
}

function compile(stage: Stage): void {
  compileStage(stage, LOGQL_LIMITS, { needsNoLabels: false, preservesErrors: false, nowNs: 0n })
}

function logfmtStage(isStrict: boolean, keepsEmpty = false): Stage {
  return { kind: 'logfmt', isStrict, keepsEmpty, extractions: [] }
}

function labelFilter(filter: LabelFilter): Stage {
  return { kind: 'labelFilter', filter }
}

/** The stage reads labels, and a filter on one of them drops the row. */
function judgeDropped(stage: Stage, line: string, matcher: Cell | undefined): string {
  const { isKept } = run([stage, labelFilter({ kind: 'string', matcher: matcherOf(matcher) })], line, [])
  return isKept ? 'want the row dropped' : ''
}

/** The filters on lines and on labels agree with the pattern itself. */
function judgePattern(cells: readonly Cell[]): string {
  const pattern = textOf(cells[0])
  const [search, whole] = [compileSearch(pattern), compileRegex(pattern)]
  if (!search.ok || !whole.ok) return 'does not compile'
  for (const sample of SAMPLES) {
    const line = run([{ kind: 'lineFilter', op: '|~', operands: [{ isIp: false, text: pattern }] }], sample, [])
    if (line.isKept !== search.value.test(sample)) return `line filter differs on ${JSON.stringify(sample)}`
    const label = run([labelFilter({ kind: 'string', matcher: { name: 'foo', op: '=~', value: pattern } })], '', [
      ['foo', sample],
    ])
    if (label.isKept !== whole.value(sample)) return `label filter differs on ${JSON.stringify(sample)}`
  }
  return ''
}

function treeTest(tree: LineTree | undefined): ((line: string) => boolean) | undefined {
  if (tree === undefined) return undefined
  switch (tree.kind) {
    case 'true':
      return () => true
    case 'exists':
      return (line) => line !== ''
    case 'contains': {
      const stage: Stage = { kind: 'lineFilter', op: '|=', operands: [{ isIp: false, text: tree.text }] }
      if (!tree.ignoresCase) return (line) => run([stage], line, []).isKept
      return (line) => line.toLowerCase().includes(tree.text.toLowerCase())
    }
    case 'not': {
      const inner = treeTest(tree.inner)
      return inner === undefined ? undefined : (line) => !inner(line)
    }
    default: {
      const [left, right] = [treeTest(tree.left), treeTest(tree.right)]
      if (left === undefined || right === undefined) return left ?? right
      return tree.kind === 'and' ? (line) => left(line) && right(line) : (line) => left(line) || right(line)
    }
  }
}

/** `[pattern, fixed, simplified, match]`: our filter keeps the lines that the simplified one keeps. */
function judgeSimplified(cells: readonly Cell[]): string {
  const pattern = textOf(cells[0])
  const op = cells[3] === false ? '!~' : '|~'
  const search = compileSearch(pattern)
  if (!search.ok) return search.error.message
  const expected = treeTest(lineTreeOf(cells[2])) ?? ((line: string) => search.value.test(line) === (op === '|~'))
  for (const sample of SAMPLES) {
    const { isKept } = run([{ kind: 'lineFilter', op, operands: [{ isIp: false, text: pattern }] }], sample, [])
    if (isKept !== expected(sample)) return `differs on ${JSON.stringify(sample)}`
  }
  return ''
}

function judgeLogfmt(cells: readonly Cell[]): string {
  const [, line, base, lenient, strict, hints, metadata] = cells
  const options = { metadata: labelsOf(metadata), preservesErrors: hintsPreserveErrors(hints) }
  const first = run([logfmtStage(false)], textOf(line), labelsOf(base), options)
  const second = run([logfmtStage(true)], textOf(line), labelsOf(base), options)
  const hasStrict = labelsOf(strict).length > 0
  return sameLabels(first.labels, lenient) || sameLabels(second.labels, hasStrict ? strict : lenient)
}

/** Filters joined by a comma are joined from the left. */
function judgeReduced(cells: readonly Cell[]): string {
  const filters = listOf(cells[1]).map(filterOf)
  if (filters.length === 0) return ''
  const parsed = parseLogql(`{a="b"} | ${filters.map(filterText).join(', ')}`)
  if (!parsed.ok || parsed.value.kind !== 'selector') return 'does not parse'
  const [stage] = parsed.value.stages
  const want = labelFilter(filterOf(cells[2]))
  return isDeepStrictEqual(stage, want) ? '' : same(stage, want)
}

function filterText(filter: LabelFilter): string {
  if (filter.kind === 'bytes') return `${filter.name} ${filter.op} ${filter.text}`
  if (filter.kind === 'string')
    return `${filter.matcher.name}${filter.matcher.op}${JSON.stringify(filter.matcher.value)}`
  throw new Error(`no text for ${filter.kind}`)
}

function judgeIpFilter(_: readonly Cell[], named: StageCase): string {
  const pattern = textOf(named['pat'])
  const message = refusal(() => parseIpRange(pattern))
  if (named['fail'] === true) return message === undefined ? 'want a refusal' : ''
  if (message !== undefined) return message
  const range = parseIpRange(pattern)
  const got = listOf(named['input']).flatMap((line, i) => (holdsIp(textOf(line), range) ? [i] : []))
  return same(got, listOf(named['expected']))
}

const LINE_OPS = {
  LineMatchEqual: '|=',
  LineMatchNotEqual: '!=',
  LineMatchRegexp: '|~',
  LineMatchNotRegexp: '!~',
} as const

function judgeIpLine(_: readonly Cell[], named: StageCase): string {
  const id = String((named['ty'] as { readonly id: Cell }).id) as keyof typeof LINE_OPS
  const stage: Stage = { kind: 'lineFilter', op: LINE_OPS[id], operands: [{ isIp: true, text: textOf(named['pat']) }] }
  if (named['fail'] === true) return sameRefusal(() => compile(stage), true)
  return same(run([stage], textOf(named['line']), []).isKept, named['expectedMatch'] === true)
}

function judgeIpLabel(_: readonly Cell[], named: StageCase): string {
  const isNegated = JSON.stringify(named['ty']).includes('NotEqual')
  const name = textOf(named['label'])
  const stage = labelFilter({ kind: 'ip', name, isNegated, pattern: textOf(named['pat']) })
  if (named['fail'] === true) return sameRefusal(() => compile(stage), true)
  return same(run([stage], '', [[name, textOf(named['val'])]]).isKept, named['expectedMatch'] === true)
}

function choicesOf(cell: Cell | undefined): { name: string; matcher: ReturnType<typeof matcherOf> | undefined }[] {
  return listOf(cell).map((one) => {
    const [matcher, name] = listOf(one)
    return matcher === null || matcher === undefined
      ? { name: textOf(name), matcher: undefined }
      : { name: matcherOf(matcher).name, matcher: matcherOf(matcher) }
  })
}

function required(stage: Stage): string[] {
  return [...(requiredLabels([stage], undefined, undefined) ?? ['everything'])].sort()
}

function texts(cell: Cell | undefined): string[] {
  return listOf(cell)
    .map((one) => textOf(one))
    .sort()
}

/** By the end of the test's name. */
export const JUDGES: Readonly<Record<string, Judge>> = {
  'pattern/Test_Error': ([pattern, error]) => sameRefusal(() => capturingPattern(textOf(pattern)), error !== null),
  'pattern/Test_ParseLineFilter': ([pattern, error]) =>
    sameRefusal(() => filteringPattern(textOf(pattern)), error !== null),
  'pattern/Test_ParseLiterals': ([pattern, literals, error]) => {
    if (error !== null) return sameRefusal(() => parsePattern(textOf(pattern)), true)
    const got = parsePattern(textOf(pattern)).flatMap((part) => (part.kind === 'literal' ? [part.text] : []))
    return same(
      got,
      listOf(literals).map((one) => textOf(one)),
    )
  },
  'parser/Test_Parse': ([pattern, parts, error]) => {
    if (error !== null) return sameRefusal(() => parsePattern(textOf(pattern)), true)
    const want = listOf(parts).map((part) => {
      const call = callOf(part)
      const text = textOf(call?.args[0])
      return call?.name === 'capture' ? { kind: 'capture', name: text } : { kind: 'literal', text }
    })
    return same(parsePattern(textOf(pattern)), want)
  },
  'parser/Test_jsonParser_Parse': ([, line, base, want, , hints, metadata]) => {
    const options = { metadata: labelsOf(metadata), preservesErrors: hintsPreserveErrors(hints) }
    return sameLabels(run([{ kind: 'json', extractions: [] }], textOf(line), labelsOf(base), options).labels, want)
  },
  'parser/TestLabelShortCircuit': ([, stage, line]) => {
    const { labels } = run([stageOf(stage)], textOf(line, LINES), [])
    return same([...labels], ['name', 'first'])
  },
  'parser/TestJSONExpressionParser': ([, line, extractions, base, want, , metadata]) => {
    const stage: Stage = { kind: 'json', extractions: extractionsOf(extractions) }
    const text = textOf(line, { testLine: JSON_LINE })
    return sameLabels(run([stage], text, labelsOf(base), { metadata: labelsOf(metadata) }).labels, want)
  },
  'parser/TestJSONExpressionParserFailures': ([, extraction, message]) => {
    const got = refusal(() => compile({ kind: 'json', extractions: extractionsOf([extraction as Cell]) })) ?? 'taken'
    return got.includes(textOf(message)) ? '' : `want ${textOf(message)}, got ${got}`
  },
  'jsonexpr/TestJSONExpressionParser': ([, path, want, error]) => {
    if (error !== null) return sameRefusal(() => parseJsonPath(textOf(path)), true)
    return same(parseJsonPath(textOf(path)), listOf(want))
  },
  'parser/TestNewRegexpParser': ([, pattern, fails]) =>
    sameRefusal(() => compile({ kind: 'regexp', pattern: textOf(pattern) }), fails === true),
  'parser/Test_regexpParser_Parse': ([, stage, line, base, want, metadata]) =>
    sameLabels(run([stageOf(stage)], textOf(line), labelsOf(base), { metadata: labelsOf(metadata) }).labels, want),
  'parser/TestLogfmtParser_parse': judgeLogfmt,
  'parser/TestLogfmtParser_keepEmpty': ([, line, keepsEmpty, base, want, metadata]) => {
    const stage = logfmtStage(false, keepsEmpty === true)
    return sameLabels(run([stage], textOf(line), labelsOf(base), { metadata: labelsOf(metadata) }).labels, want)
  },
  'parser/TestLogfmtExpressionParser': ([, line, extractions, base, want, metadata]) => {
    const stage: Stage = { kind: 'logfmt', isStrict: false, keepsEmpty: false, extractions: extractionsOf(extractions) }
    const text = textOf(line, { testLine: LOGFMT_LINE })
    return sameLabels(run([stage], text, labelsOf(base), { metadata: labelsOf(metadata) }).labels, want)
  },
  'parser/Test_unpackParser_Parse': ([, line, base, want, wantLine, hints, metadata]) => {
    const options = { metadata: labelsOf(metadata), preservesErrors: hintsPreserveErrors(hints) }
    const got = run([{ kind: 'unpack' }], textOf(line), labelsOf(base), options)
    return sameLabels(got.labels, want) || same(got.line, textOf(wantLine))
  },
  'parser/Test_PatternParser': ([pattern, line, base, want, metadata]) => {
    const stage: Stage = { kind: 'pattern', pattern: textOf(pattern) }
    return sameLabels(run([stage], textOf(line), labelsOf(base), { metadata: labelsOf(metadata) }).labels, want)
  },
  'parser/TestKeyShortCircuit': ([, line, stage, matcher]) =>
    judgeDropped(stageOf(stage), textOf(line, LINES), matcher),
  'parser/Benchmark_Parser': ([, line, stage, , matcher]) => judgeDropped(stageOf(stage), textOf(line, LINES), matcher),
  'parser/Benchmark_Parser_JSONPath': ([, line, stage, , matcher]) =>
    judgeDropped(stageOf(stage), textOf(line, LINES), matcher),
  'fmt/Test_lineFormatter_Format': ([, stage, base, timeNs, wantLine, want, line]) => {
    const got = run([stageOf(stage)], textOf(line), labelsOf(base), { timeNs: BigInt(numberOf(timeNs)) })
    return same(got.line, textOf(wantLine)) || sameLabels(got.labels, want)
  },
  'fmt/Test_labelsFormatter_Format': ([, stage, base, want]) =>
    sameLabels(run([stageOf(stage)], 'test line', labelsOf(base)).labels, want),
  'fmt/Test_validate': ([, formats, fails]) =>
    sameRefusal(() => compile({ kind: 'labelFormat', formats: formatsOf(formats) }), fails === true),
  'fmt/Test_trunc': ([text, count, want]) => same(trunc(textOf(text), numberOf(count)), textOf(want)),
  'fmt/Test_AlignLeft': ([text, count, want]) => same(alignLeft(numberOf(count), textOf(text)), textOf(want)),
  'fmt/Test_AlignRight': ([text, count, want]) => same(alignRight(numberOf(count), textOf(text)), textOf(want)),
  'fmt/Test_substring': ([from, to, text, want]) =>
    same(substring(numberOf(from), numberOf(to), textOf(text)), textOf(want)),
  'fmt/TestLineFormatter_RequiredLabelNames': ([template, names]) =>
    same(required({ kind: 'lineFormat', template: textOf(template) }), texts(names)),
  'fmt/TestLabelFormatter_RequiredLabelNames': ([, formats, names]) =>
    same(required({ kind: 'labelFormat', formats: formatsOf(formats) }), texts(names)),
  'fmt/TestDecolorizer': ([, line, want]) => same(run([{ kind: 'decolorize' }], textOf(line), []).line, textOf(want)),
  'label_filter/TestBinary_Filter': ([filter, base, isKept, want]) => {
    const got = run([labelFilter(filterOf(filter))], '', labelsOf(base))
    return same(got.isKept, isKept) || sameLabels(got.labels, want)
  },
  'label_filter/TestBytes_Filter': ([bytes, text, isKept, kept]) => {
    const filter: LabelFilter = { kind: 'bytes', op: '==', name: 'bar', value: numberOf(bytes), text: '' }
    const got = run([labelFilter(filter)], '', [['bar', textOf(text)]])
    return same(got.isKept, isKept) || same([...got.labels], ['bar', textOf(kept)])
  },
  'label_filter/TestErrorFiltering': ([filter, base, error, isKept, want]) => {
    const got = run([labelFilter(filterOf(filter))], '', labelsOf(base), { error: textOf(error) })
    return same(got.isKept, isKept) || sameLabels(got.labels, want)
  },
  'label_filter/TestReduceAndLabelFilter': judgeReduced,
  'label_filter/TestStringLabelFilter': (_, named) =>
    same(
      run([labelFilter(filterOf(named['filter']))], '', labelsOf(named['labels'])).isKept,
      named['shouldMatch'] === true,
    ),
  'label_filter/BenchmarkLineLabelFilters': judgePattern,
  'ip/Test_IPFilter': judgeIpFilter,
  'ip/Test_IPLineFilterTy': judgeIpLine,
  'ip/Test_IPLabelFilterTy': judgeIpLabel,
  'filter/Test_rune': (_, named) => {
    const text = `(?i)${textOf(named['substr']).replace(/[\\^$.|?*+()[\]{}]/g, '\\$&')}`
    const stage: Stage = { kind: 'lineFilter', op: '|~', operands: [{ isIp: false, text }] }
    return same(run([stage], textOf(named['line']), []).isKept, named['expected'] === true)
  },
  'filter/Test_SimplifiedRegex': judgeSimplified,
  'filter/Test_TrueFilter': ([, tree, isTrue]) => {
    const test = treeTest(lineTreeOf(tree))
    return same(test !== undefined && SAMPLES.every(test), isTrue === true)
  },
  'filter/Benchmark_LineFilter': judgePattern,
  'drop_labels/Test_DropLabels': ([, choices, error, errorDetails, base, want]) => {
    const options = { error: textOf(error), errorDetails: textOf(errorDetails) }
    return sameLabels(run([{ kind: 'drop', choices: choicesOf(choices) }], '', labelsOf(base), options).labels, want)
  },
  'keep_labels/Test_KeepLabels': ([, choices, base, want]) =>
    sameLabels(run([{ kind: 'keep', choices: choicesOf(choices) }], '', labelsOf(base)).labels, want),
}
