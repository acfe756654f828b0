import type { Extraction } from '../language/plan.ts'
import { withoutReplacements } from './json-scan.ts'
import { LabelNames } from './label-name.ts'
import type { Row } from './row.ts'
import type { RowStep, StepOptions } from './stage.ts'

const LOGFMT_ERROR = 'LogfmtParserErr'
const encoder = new TextEncoder()

/** Reads `key=value key="quoted value" key` one by one. Source: go-logfmt/logfmt decode.go. */
class LogfmtScanner {
  line = ''
  key = ''
  value = ''
  #at = 0
  #faultAt = 0
  /** What was wrong last; '' = nothing yet. */
  #problem = ''

  reset(line: string): void {
    this.line = line
    this.#problem = ''
    this.#at = 0
  }

  get hasFault(): boolean {
    return this.#problem !== ''
  }

  /** What was wrong last, with its place in bytes from 1. */
  get fault(): string {
    const place = encoder.encode(this.line.slice(0, this.#faultAt)).length + 1
    return `logfmt syntax error at pos ${place} : ${this.#problem}`
  }

  /** False at the end of the line. */
  get hasMore(): boolean {
    return this.#at < this.line.length
  }

  /** The next pair; false where there is none here: the place is passed over, `fault` says what was wrong. */
  next(): boolean {
    const { line } = this
    let at = this.#at
    while (at < line.length && line.charCodeAt(at) <= 32) at++
    const start = at
    this.value = ''
    for (; at < line.length; at++) {
      const code = line.charCodeAt(at)
      if (code <= 32 || code === 61) break
      if (code === 34) return this.#fail(at, `unexpected '"'`)
    }
    this.key = line.slice(start, at)
    this.#at = at
    if (this.key.includes('\ufffd')) return this.#fail(at, 'invalid key')
    if (line.charCodeAt(at) !== 61) return this.key !== ''
    if (this.key === '') return this.#fail(at, "unexpected '='")
    return line.charCodeAt(at + 1) === 34 ? this.#quoted(at + 1) : this.#plain(at + 1)
  }

  #plain(from: number): boolean {
    const { line } = this
    let at = from
    for (; at < line.length; at++) {
      const code = line.charCodeAt(at)
      if (code <= 32) break
      if (code === 61 || code === 34) return this.#fail(at, `unexpected '${line[at]}'`)
    }
    this.value = line.slice(from, at)
    this.#at = at
    return true
  }

  #quoted(from: number): boolean {
    const { line } = this
    let hasEscapes = false
    for (let at = from + 1; at < line.length; at++) {
      const code = line.charCodeAt(at)
      if (code === 92) {
        hasEscapes = true
        at++
      } else if (code === 34) {
        this.#at = at + 1
        const raw = line.slice(from + 1, at)
        if (!hasEscapes) {
          this.value = raw
          return true
        }
        const text = unescapeQuoted(raw)
        if (text === undefined) return this.#fail(at + 1, 'invalid quoted value')
        this.value = text
        return true
      }
    }
    return this.#fail(line.length, 'unterminated quoted value')
  }

  /** Notes the fault and passes over everything up to the next blank. */
  #fail(at: number, message: string): false {
    const { line } = this
    this.#problem = message
    this.#faultAt = at
    let next = at
    while (next < line.length && line.charCodeAt(next) > 32) next++
    this.#at = next
    return false
  }
}

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }

/** Escapes of JSON, and any other character that a backslash protects; undefined for `\u` without four digits. */
function unescapeQuoted(raw: string): string | undefined {
  let out = ''
  for (let at = 0; at < raw.length; at++) {
    const char = raw[at] as string
    if (char !== '\\') {
      out += char
      continue
    }
    const escaped = raw[++at] ?? ''
    if (escaped === 'u') {
      const digits = raw.slice(at + 1, at + 5)
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) return undefined
      out += String.fromCharCode(Number.parseInt(digits, 16))
      at += 4
    } else if (/["\\/']/.test(escaped)) out += escaped
    else {
      const simple = ESCAPES[escaped]
      if (simple === undefined) return undefined
      out += simple
    }
  }
  return out
}

/** @param isStrict stops at the first fault and marks the row; else faulty pairs are passed over */
export function logfmtStep(isStrict: boolean, keepsEmpty: boolean, options: StepOptions): RowStep {
  if (options.needsNoLabels) return () => true
  const scanner = new LogfmtScanner()
  const names = new LabelNames()
  return (row) => {
    scanner.reset(row.line)
    while (scanner.hasMore) {
      if (!scanner.next()) {
        if (isStrict && scanner.hasFault) break
        continue
      }
      const name = names.of(scanner.key)
      if (name !== '' && (keepsEmpty || scanner.value !== '')) row.addParsed(name, withoutReplacements(scanner.value))
    }
    noteFault(row, scanner, isStrict, options)
    return true
  }
}

function noteFault(row: Row, scanner: LogfmtScanner, isStrict: boolean, options: StepOptions): void {
  if (isStrict && scanner.hasFault) row.fail(LOGFMT_ERROR, scanner.fault, options.preservesErrors)
}

/** Labels by the keys they are read from; keys that are missing make empty labels. */
export function logfmtKeyStep(
  extractions: readonly Extraction[],
  isStrict: boolean,
  keepsEmpty: boolean,
  options: StepOptions,
): RowStep {
  if (options.needsNoLabels) return () => true
  const scanner = new LogfmtScanner()
  return (row) => {
    scanner.reset(row.line)
    while (scanner.hasMore) {
      if (!scanner.next()) {
        if (isStrict && scanner.hasFault) break
        continue
      }
      if (scanner.value === '' && !keepsEmpty) continue
      for (const { name, path } of extractions) {
        if (path === scanner.key) row.addParsed(name, withoutReplacements(scanner.value))
      }
    }
    noteFault(row, scanner, isStrict, options)
    for (const { name } of extractions) if (row.get(name) === undefined) row.addParsed(name, '')
    return true
  }
}
