import { FaultError, fault } from '@vantage/model'
import type { Row } from './row.ts'
import type { RowStep } from './stage.ts'

/** `<name>` takes what stands up to the next literal, `<_>` passes it over. */
export type PatternPart =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'capture'; readonly name: string }

function refused(message: string): FaultError {
  return new FaultError(fault('bad_request', message, { reason: 'bad_data' }))
}

/** @throws FaultError for an empty pattern. Source: grafana/loki pkg/logql/log/pattern. */
export function parsePattern(text: string): PatternPart[] {
  if (text === '') throw refused('pattern: syntax error: unexpected $end, expecting IDENTIFIER or LITERAL')
  const parts: PatternPart[] = []
  let at = 0
  for (const match of text.matchAll(/<([a-zA-Z_][a-zA-Z0-9_]*)>/g)) {
    if (match.index > at) parts.push({ kind: 'literal', text: text.slice(at, match.index) })
    parts.push({ kind: 'capture', name: match[1] as string })
    at = match.index + match[0].length
  }
  if (at < text.length) parts.push({ kind: 'literal', text: text.slice(at) })
  return parts
}

function refuseNeighbours(parts: readonly PatternPart[]): void {
  for (let i = 1; i < parts.length; i++) {
    const [left, right] = [parts[i - 1], parts[i]]
    if (left?.kind === 'capture' && right?.kind === 'capture') {
      throw refused(`pattern: found consecutive capture '<${left.name}><${right.name}>'`)
    }
  }
}

/** For the parser stage: captures in between literals, at least one with a name, each name once. */
export function capturingPattern(text: string): PatternPart[] {
  const parts = parsePattern(text)
  refuseNeighbours(parts)
  const names = parts.flatMap((part) => (part.kind === 'capture' && part.name !== '_' ? [part.name] : []))
  if (names.length === 0) throw refused('pattern: at least one capture is required')
  const repeated = names.find((name, i) => names.indexOf(name) < i)
  if (repeated !== undefined) throw refused(`pattern: duplicate capture name (${repeated})`)
  return parts
}

/** For line filters: names are not allowed. An empty pattern matches the empty line. */
export function filteringPattern(text: string): PatternPart[] {
  if (text === '') return []
  const parts = parsePattern(text)
  for (const part of parts) {
    if (part.kind === 'capture' && part.name !== '_') {
      throw refused(`pattern: named captures are not allowed: found '<${part.name}>'`)
    }
  }
  refuseNeighbours(parts)
  return parts
}

/** True where the literals stand in the line in this order, with something for each capture and nothing else. */
export function matchesPattern(line: string, parts: readonly PatternPart[]): boolean {
  if (line === '' || parts.length === 0) return line === '' && parts.length === 0
  let at = 0
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i] as PatternPart
    if (part.kind === 'capture') continue
    const found = line.indexOf(part.text, at)
    if (found < 0 || (i === 0) !== (found === at)) return false
    at = found + part.text.length
  }
  const endsOpen = parts[parts.length - 1]?.kind === 'capture'
  return endsOpen === at < line.length
}

export function patternStep(text: string): RowStep {
  const parts = capturingPattern(text)
  return (row) => {
    capture(row, parts)
    return true
  }
}

/** A capture whose literal is missing takes the rest of the line; those behind it stay unset. */
function capture(row: Row, parts: readonly PatternPart[]): void {
  const { line } = row
  let at = 0
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i] as PatternPart
    if (part.kind === 'literal') {
      // Only the first part can be met here: captures below take the literal behind them along.
      if (!line.startsWith(part.text)) return
      at = part.text.length
      continue
    }
    const next = parts[i + 1]
    const end = next?.kind === 'literal' ? line.indexOf(next.text, at) : -1
    if (part.name !== '_') row.addParsed(part.name, end < 0 ? line.slice(at) : line.slice(at, end))
    if (end < 0 || next?.kind !== 'literal') return
    at = end + next.text.length
    i++
  }
}
