import { parseDurationMs } from '@vantage/model'
import { unquoteAt } from '../promql/language/text.ts'

/** What an evaluation must come to. Lines with series are read when they are compared. */
export interface Expectations {
  readonly fails: boolean
  readonly failure: TextPattern | undefined
  readonly isOrdered: boolean
  readonly text: string | undefined
  readonly warns: boolean | undefined
  readonly informs: boolean | undefined
  readonly warnings: readonly TextPattern[]
  readonly infos: readonly TextPattern[]
  /** The times of the samples of a range vector. */
  readonly rangeVector: Timing | undefined
  readonly lines: readonly string[]
}

export type TextPattern =
  | { readonly kind: 'equal'; readonly text: string }
  | { readonly kind: 'regex'; readonly pattern: RegExp }

export interface Timing {
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
}

export interface LoadCommand {
  readonly kind: 'load'
  readonly stepMs: number
  /** Classic histograms are also stored as native ones with custom buckets. */
  readonly withCustomBuckets: boolean
  readonly lines: readonly string[]
}

export interface EvalCommand {
  readonly kind: 'eval'
  /** From 1. */
  readonly line: number
  readonly isInstant: boolean
  readonly timing: Timing
  readonly query: string
  readonly expectations: Expectations
}

export type ScriptCommand =
  | { readonly kind: 'clear' }
  | LoadCommand
  | EvalCommand
  | { readonly kind: 'unreadable'; readonly line: number; readonly isEval: boolean; readonly message: string }

const LOAD = /^load(_with_nhcb)?\s+(\S+)$/
const EVAL = /^eval(?:_(fail|warn|ordered|info))?\s+/
const INSTANT = /^instant\s+(?:at\s+(\S+)\s+)?(.+)$/
const RANGE = /^range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.+)$/
const RANGE_VECTOR = /^expect range vector from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)$/

/**
 * Reads a test script: `load`, `clear` and `eval` with the indented lines below them; `#` starts a comment line.
 * Never throws: what cannot be read is a command of its own, so that it counts.
 * Source: prometheus/prometheus promql/promqltest/README.md.
 */
export function parseScript(text: string): ScriptCommand[] {
  const lines = text.split('\n').map((line) => (line.trimStart().startsWith('#') ? '' : line.trim()))
  const commands: ScriptCommand[] = []
  let at = 0
  while (at < lines.length) {
    const line = lines[at] as string
    if (line === '') {
      at++
      continue
    }
    const block = takeBlock(lines, at + 1)
    const takesBlock = LOAD.test(line) || EVAL.test(line)
    commands.push(readCommand(line, at + 1, takesBlock ? block : []))
    at += takesBlock ? block.length + 1 : 1
  }
  return commands
}

function takeBlock(lines: readonly string[], from: number): string[] {
  let to = from
  while (to < lines.length && lines[to] !== '' && !EVAL.test(lines[to] as string) && lines[to] !== 'clear') to++
  return lines.slice(from, to)
}

function readCommand(line: string, number: number, block: readonly string[]): ScriptCommand {
  try {
    if (line === 'clear') return { kind: 'clear' }
    const load = LOAD.exec(line)
    if (load !== null) {
      return { kind: 'load', stepMs: toMs(load[2] as string), withCustomBuckets: load[1] !== undefined, lines: block }
    }
    if (EVAL.test(line)) return readEval(line, number, block)
    throw new SyntaxError(`unknown command ${JSON.stringify(line)}`)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return { kind: 'unreadable', line: number, isEval: line.startsWith('eval'), message: error.message }
  }
}

function toMs(text: string): number {
  const durationMs = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : parseDurationMs(text)
  if (durationMs === undefined) throw new SyntaxError(`want a duration, got ${JSON.stringify(text)}`)
  return durationMs
}

function readEval(line: string, number: number, block: readonly string[]): EvalCommand {
  const head = EVAL.exec(line) as RegExpExecArray
  const rest = line.slice(head[0].length)
  const expectations = readExpectations(block, head[1])
  const range = RANGE.exec(rest)
  if (range !== null) {
    const [, start = '', end = '', step = '', query = ''] = range
    const timing = { startMs: toMs(start), endMs: toMs(end), stepMs: toMs(step) }
    return { kind: 'eval', line: number, isInstant: false, timing, query, expectations }
  }
  const instant = INSTANT.exec(rest)
  if (instant === null) throw new SyntaxError(`want "instant at" or "range from" in ${JSON.stringify(line)}`)
  const timeMs = toMs(instant[1] ?? '0')
  const timing = { startMs: timeMs, endMs: timeMs, stepMs: 0 }
  return { kind: 'eval', line: number, isInstant: true, timing, query: instant[2] as string, expectations }
}

function readPattern(text: string): TextPattern | undefined {
  const trimmed = text.trim()
  if (trimmed === '') return undefined
  if (trimmed.startsWith('msg:')) return { kind: 'equal', text: trimmed.slice(4).trim() }
  // Script files are part of a repository, not input from outside.
  if (trimmed.startsWith('regex:')) return { kind: 'regex', pattern: new RegExp(trimmed.slice(6).trim()) }
  throw new SyntaxError(`want msg: or regex:, got ${JSON.stringify(text)}`)
}

function readExpectations(block: readonly string[], spelling: string | undefined): Expectations {
  let expectations: Expectations = {
    fails: spelling === 'fail',
    failure: undefined,
    isOrdered: spelling === 'ordered',
    text: undefined,
    warns: spelling === 'warn' ? true : undefined,
    informs: spelling === 'info' ? true : undefined,
    warnings: [],
    infos: [],
    rangeVector: undefined,
    lines: [],
  }
  for (const line of block) expectations = { ...expectations, ...readExpectation(line, expectations) }
  return expectations
}

function readExpectation(line: string, so: Expectations): Partial<Expectations> {
  const vector = RANGE_VECTOR.exec(line)
  if (vector !== null) {
    const [, start = '', end = '', step = ''] = vector
    return { rangeVector: { startMs: toMs(start), endMs: toMs(end), stepMs: toMs(step) } }
  }
  const expect = /^expect\s+(\w+)\b(.*)$/.exec(line)
  if (expect === null) return { lines: [...so.lines, line] }
  const [, what = '', rest = ''] = expect
  switch (what) {
    case 'ordered':
      return { isOrdered: true }
    case 'fail':
      return { fails: true, failure: readPattern(rest) }
    case 'warn': {
      const pattern = readPattern(rest)
      return { warns: true, warnings: pattern === undefined ? so.warnings : [...so.warnings, pattern] }
    }
    case 'info': {
      const pattern = readPattern(rest)
      return { informs: true, infos: pattern === undefined ? so.infos : [...so.infos, pattern] }
    }
    case 'no_warn':
      return { warns: false }
    case 'no_info':
      return { informs: false }
    case 'string': {
      const literal = unquoteAt(rest.trim(), 0)
      if (!literal.ok) throw new SyntaxError(literal.message)
      return { text: literal.text }
    }
    default:
      throw new SyntaxError(`unknown expectation ${JSON.stringify(line)}`)
  }
}
