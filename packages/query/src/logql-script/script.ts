import { parseDurationMs } from '@vantage/model'
import { unquoteAt } from '../logql/language/text.ts'

/** A row that a script loads. */
export interface LoadedRow {
  readonly labels: Readonly<Record<string, string>>
  readonly line: string
  readonly offsetMs: number
  readonly metadata: Readonly<Record<string, string>>
}

export interface ExpectedSeries {
  readonly labels: Readonly<Record<string, string>>
  /** One for each step, undefined where none may be. */
  readonly values: readonly (number | undefined)[]
}

export interface EvalCommand {
  readonly kind: 'eval'
  /** From 1. */
  readonly line: number
  readonly startMs: number
  readonly endMs: number
  /** 0 for one moment. */
  readonly stepMs: number
  readonly query: string
  /** Lines below it, without comments. */
  readonly expectations: readonly string[]
}

export type ScriptCommand =
  | { readonly kind: 'clear' }
  | { readonly kind: 'load'; readonly rows: readonly LoadedRow[] }
  | EvalCommand
  | { readonly kind: 'unreadable'; readonly line: number; readonly isEval: boolean; readonly message: string }

const INSTANT = /^eval\s+instant\s+at\s+(\S+)\s+(.+)$/
const RANGE = /^eval\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.+)$/

/**
 * Reads a test script: `load`, `clear` and `eval` with the indented lines below them; `#` starts a comment line.
 * Never throws: what cannot be read is a command of its own, so that it counts.
 */
export function parseScript(text: string): ScriptCommand[] {
  const lines = text.split('\n')
  const commands: ScriptCommand[] = []
  let at = 0
  while (at < lines.length) {
    const line = (lines[at] as string).trim()
    const lineNumber = ++at
    if (line === '' || line.startsWith('#')) continue
    const block: string[] = []
    while (at < lines.length && /^\s+\S/.test(lines[at] as string)) {
      const inner = (lines[at++] as string).trim()
      if (!inner.startsWith('#')) block.push(inner)
    }
    commands.push(readCommand(line, lineNumber, block))
  }
  return commands
}

function readCommand(line: string, lineNumber: number, block: readonly string[]): ScriptCommand {
  try {
    if (line === 'clear') return { kind: 'clear' }
    if (line === 'load') return { kind: 'load', rows: block.flatMap(readRows) }
    const instant = INSTANT.exec(line)
    if (instant !== null) {
      const atMs = durationMs(instant[1] as string)
      const query = instant[2] as string
      return { kind: 'eval', line: lineNumber, startMs: atMs, endMs: atMs, stepMs: 0, query, expectations: block }
    }
    const range = RANGE.exec(line)
    if (range === null) throw new ScriptError(`unknown command ${JSON.stringify(line)}`)
    const [startMs = 0, endMs = 0, stepMs = 0] = range.slice(1, 4).map(durationMs)
    return { kind: 'eval', line: lineNumber, startMs, endMs, stepMs, query: range[4] as string, expectations: block }
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error
    return { kind: 'unreadable', line: lineNumber, isEval: line.startsWith('eval'), message: error.message }
  }
}

/** What a script says cannot be understood. */
export class ScriptError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ScriptError'
  }
}

function durationMs(text: string): number {
  const parsed = parseDurationMs(text)
  if (parsed === undefined) throw new ScriptError(`want a duration, got ${JSON.stringify(text)}`)
  return parsed
}

/** The line, raw in either kind of quotes, and what stands behind it. */
const QUOTED_LINE = /^["`](.*)["`](\s*@\s.*)$/
const BEHIND_LINE =
  /^\s*@\s*(\S+)(?:\s+\[repeat\s+every\s+(\S+)\s+for\s+(\d+)\])?(?:\s+\[metadata ([^\]]*)\])?\s*(?:#.*)?$/

/** `{labels} "line" @ offset [repeat every d for n] [metadata k="v"]`; `{{.i}}` in the line is the repetition. */
function readRows(text: string): LoadedRow[] {
  const close = text.indexOf('}')
  const labels = readPairs(text.slice(1, close))
  const rest = text.slice(close + 1).trimStart()
  const [, line = '', place = ''] = QUOTED_LINE.exec(rest) ?? []
  const behind = BEHIND_LINE.exec(place)
  if (behind === null) throw new ScriptError(`want {labels} "line" @ offset, got ${JSON.stringify(text)}`)
  const offsetMs = durationMs(behind[1] as string)
  const everyMs = durationMs(behind[2] ?? '0')
  const metadata = readPairs(behind[4] ?? '')
  return Array.from({ length: Number(behind[3] ?? 1) }, (_, i) => {
    return { labels, line: line.replaceAll('{{.i}}', String(i)), offsetMs: offsetMs + i * everyMs, metadata }
  })
}

const PAIR = /\s*,?\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*(?=")/y

/** `a="b", c="d"`, with commas or without. */
function readPairs(text: string): Record<string, string> {
  const pairs: Record<string, string> = {}
  let at = 0
  for (;;) {
    PAIR.lastIndex = at
    const match = PAIR.exec(text)
    if (match === null) break
    const literal = unquoteAt(text, PAIR.lastIndex)
    if (!literal.ok) throw new ScriptError(`${literal.message} in ${JSON.stringify(text)}`)
    pairs[match[1] as string] = literal.text
    at = literal.endOffset
  }
  if (text.slice(at).trim() !== '') throw new ScriptError(`want name="value", got ${JSON.stringify(text.slice(at))}`)
  return pairs
}

/** `{labels} 1 _ NaN`, or a number alone. */
export function readExpected(text: string): ExpectedSeries | number {
  const plain = text.replace(/\s+#.*$/, '')
  if (!plain.startsWith('{')) return readNumber(plain)
  const close = plain.lastIndexOf('}')
  const words = plain
    .slice(close + 1)
    .trim()
    .split(/\s+/)
  return {
    labels: readPairs(plain.slice(1, close)),
    values: words.map((word) => (word === '_' ? undefined : readNumber(word))),
  }
}

function readNumber(text: string): number {
  if (text === 'NaN') return Number.NaN
  const infinite = /^([+-]?)Inf$/.exec(text)
  if (infinite !== null) return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  const value = Number(text)
  if (text === '' || Number.isNaN(value)) throw new ScriptError(`want a number, got ${JSON.stringify(text)}`)
  return value
}
