import type { Matcher } from '@vantage/model'
import { parseMatcher } from './parse-matcher.ts'
import type { CompareOp, Extraction, LabelChoice, LabelFilter, LabelFormat, Stage } from './plan.ts'
import type { TokenReader } from './token-reader.ts'
import { parseFloatText } from './units.ts'

type StageReader = (reader: TokenReader) => Stage

/** Stages that begin with a word of their own. */
const STAGES: Readonly<Record<string, StageReader>> = {
  json: (reader) => ({ kind: 'json', extractions: parseExtractions(reader) }),
  logfmt: parseLogfmt,
  pattern: (reader) => ({ kind: 'pattern', pattern: reader.expect('string').text }),
  regexp: (reader) => ({ kind: 'regexp', pattern: reader.expect('string').text }),
  unpack: () => ({ kind: 'unpack' }),
  line_format: (reader) => ({ kind: 'lineFormat', template: reader.expect('string').text }),
  label_format: parseLabelFormat,
  decolorize: () => ({ kind: 'decolorize' }),
  drop: (reader) => ({ kind: 'drop', choices: parseChoices(reader) }),
  keep: (reader) => ({ kind: 'keep', choices: parseChoices(reader) }),
}

/** What follows a pipe: a stage by its name, else a filter on labels. */
export function parseStage(reader: TokenReader): Stage {
  const word = reader.peek()
  const isName = word.kind === 'word' && !isComparison(reader, 1)
  const read = isName && Object.hasOwn(STAGES, word.text) ? STAGES[word.text] : undefined
  if (read === undefined) return { kind: 'labelFilter', filter: parseLabelFilter(reader) }
  reader.next()
  return read(reader)
}

const COMPARISONS: Readonly<Record<string, CompareOp>> = {
  '=': '==',
  '==': '==',
  '!=': '!=',
  '>': '>',
  '>=': '>=',
  '<': '<',
  '<=': '<=',
}

function isComparison(reader: TokenReader, ahead: number): boolean {
  const { kind, text } = reader.peek(ahead)
  // `| json != "x"`: behind the name of a parser stands a line filter.
  return kind === 'symbol' && text !== '!=' && (Object.hasOwn(COMPARISONS, text) || text === '=~' || text === '!~')
}

function parseLogfmt(reader: TokenReader): Stage {
  let isStrict = false
  let keepsEmpty = false
  while (reader.isKind('flag')) {
    const { text } = reader.peek()
    if (text === '--strict') isStrict = true
    else if (text === '--keep-empty') keepsEmpty = true
    else throw reader.fault(`syntax error: unexpected ${text}, expecting --strict or --keep-empty`)
    reader.next()
  }
  return { kind: 'logfmt', isStrict, keepsEmpty, extractions: parseExtractions(reader) }
}

/** `a, b="path"`; none is fine too. */
function parseExtractions(reader: TokenReader): Extraction[] {
  const extractions: Extraction[] = []
  if (!reader.isKind('word')) return extractions
  do {
    const name = reader.expect('word').text
    extractions.push({ name, path: reader.takeSymbol('=') ? reader.expect('string').text : name })
  } while (reader.takeSymbol(','))
  return extractions
}

function parseLabelFormat(reader: TokenReader): Stage {
  const formats: LabelFormat[] = []
  do {
    const name = reader.expect('word').text
    reader.expectSymbol('=')
    if (reader.isKind('string')) formats.push({ kind: 'template', name, template: reader.next().text })
    else formats.push({ kind: 'rename', name, from: reader.expect('word').text })
  } while (reader.takeSymbol(','))
  return { kind: 'labelFormat', formats }
}

function parseChoices(reader: TokenReader): LabelChoice[] {
  const choices: LabelChoice[] = []
  do {
    if (!reader.isKind('word')) throw reader.unexpected('IDENTIFIER')
    if (
      reader.peek(1).kind === 'symbol' &&
      /^(?:=|!=|=~|!~)$/.test(reader.peek(1).text) &&
      reader.isKind('string', 2)
    ) {
      const matcher: Matcher = parseMatcher(reader)
      choices.push({ name: matcher.name, matcher })
    } else choices.push({ name: reader.next().text, matcher: undefined })
  } while (reader.takeSymbol(','))
  return choices
}

/** A chain of conditions: `or` binds looser than `and`, a comma or nothing at all, which mean the same. */
export function parseLabelFilter(reader: TokenReader): LabelFilter {
  let left = parseConjunction(reader)
  while (reader.takeWord('or')) left = { kind: 'or', left, right: parseConjunction(reader) }
  return left
}

function parseConjunction(reader: TokenReader): LabelFilter {
  let left = parseCondition(reader)
  for (;;) {
    const isJoined = reader.takeWord('and') || reader.takeSymbol(',')
    const isNext = (reader.isKind('word') && !reader.isWord('or')) || reader.isSymbol('(')
    if (!isJoined && !isNext) return left
    left = { kind: 'and', left, right: parseCondition(reader) }
  }
}

function parseCondition(reader: TokenReader): LabelFilter {
  reader.countNode()
  if (reader.takeSymbol('(')) {
    reader.enter()
    const inner = parseLabelFilter(reader)
    reader.leave()
    reader.expectSymbol(')')
    return inner
  }
  if (!reader.isKind('word')) throw reader.unexpected('IDENTIFIER or (')
  const { text: opText, kind } = reader.peek(1)
  const isOp = kind === 'symbol' && (Object.hasOwn(COMPARISONS, opText) || opText === '=~' || opText === '!~')
  if (!isOp) {
    reader.next()
    throw reader.unexpected('a comparison')
  }
  const isEquality = opText === '=' || opText === '!='
  if (reader.isKind('string', 2) || opText === '=~' || opText === '!~') return stringCondition(reader)
  if (reader.isWord('ip', 2) && isEquality) return ipCondition(reader)
  return valueCondition(reader, COMPARISONS[opText] as CompareOp)
}

function stringCondition(reader: TokenReader): LabelFilter {
  const op = reader.peek(1).text
  if (!/^(?:=|!=|=~|!~)$/.test(op)) {
    reader.next()
    reader.next()
    throw reader.unexpected('NUMBER or DURATION or BYTES')
  }
  return { kind: 'string', matcher: parseMatcher(reader) }
}

function ipCondition(reader: TokenReader): LabelFilter {
  const name = reader.next().text
  const isNegated = reader.next().text === '!='
  reader.next()
  reader.expectSymbol('(')
  const pattern = reader.expect('string').text
  reader.expectSymbol(')')
  return { kind: 'ip', name, isNegated, pattern }
}

function valueCondition(reader: TokenReader, op: CompareOp): LabelFilter {
  const name = reader.next().text
  reader.next()
  const { kind, value, text } = reader.peek()
  if (kind === 'duration') {
    reader.next()
    return { kind: 'duration', name, op, value }
  }
  if (kind === 'bytes') {
    reader.next()
    return { kind: 'bytes', name, op, value, text }
  }
  return { kind: 'number', name, op, value: parseSignedNumber(reader) }
}

/** A number with an optional sign; signs belong to numbers only. */
export function parseSignedNumber(reader: TokenReader): number {
  const isNegative = reader.takeSymbol('-')
  if (!isNegative) reader.takeSymbol('+')
  const token = reader.expect('number')
  const parsed = parseFloatText(token.text)
  if (!parsed.ok) throw reader.fault(`unable to parse literal as a float: ${parsed.message}`, token)
  return isNegative ? -parsed.value : parsed.value
}
