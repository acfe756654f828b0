import type { Extraction } from '../language/plan.ts'
import { parseJsonPath } from './json-path.ts'
import { JSON_FAULT, JsonScanner, skipSpace, stringEnd, unescapeJson } from './json-scan.ts'
import { appendName } from './label-name.ts'
import type { Row } from './row.ts'
import type { RowStep, StepOptions } from './stage.ts'

const JSON_ERROR = 'JSONParserErr'

/** The label that a member's path makes, and those of the members inside it: found by key, made once. */
interface NameNode {
  readonly name: string
  readonly inner: Map<string, NameNode>
}

/** Names that are remembered; lines may hold any number of them. */
const NAMES_MAX = 10_000

/** Every member becomes a label; those of objects are joined by underscores. Arrays and nulls are passed over. */
export function jsonStep(options: StepOptions): RowStep {
  if (options.needsNoLabels) return () => true
  const reader = new MemberReader()
  return (row) => {
    if (!reader.read(row)) row.fail(JSON_ERROR, reader.fault, options.preservesErrors)
    return true
  }
}

class MemberReader {
  readonly #scanner = new JsonScanner()
  #root: NameNode = { name: '', inner: new Map() }
  #names = 0

  get fault(): string {
    return this.#scanner.fault
  }

  read(row: Row): boolean {
    const scanner = this.#scanner
    scanner.reset(row.line)
    if (this.#names > NAMES_MAX) {
      this.#root = { name: '', inner: new Map() }
      this.#names = 0
    }
    const at = skipSpace(row.line, 0)
    if (row.line.charCodeAt(at) !== 123) return scanner.fail(JSON_FAULT.object)
    return this.#object(row, at, this.#root)
  }

  /** The object that opens at `at`; what was read before a fault stays. */
  #object(row: Row, at: number, node: NameNode): boolean {
    const scanner = this.#scanner
    const { text } = scanner
    let next = skipSpace(text, at + 1)
    if (next >= text.length) return scanner.fail(JSON_FAULT.malformed)
    if (text.charCodeAt(next) === 125) return true
    for (;;) {
      if (text.charCodeAt(next) === 125) return true
      if (text.charCodeAt(next) !== 34) return scanner.fail(JSON_FAULT.object)
      const keyEnd = stringEnd(text, next)
      if (keyEnd < 0) return scanner.fail(JSON_FAULT.malformed)
      const key = text.slice(next + 1, keyEnd - 1)
      const colon = skipSpace(text, keyEnd)
      if (text.charCodeAt(colon) !== 58) return scanner.fail(JSON_FAULT.malformed)
      if (!scanner.readValue(colon + 1)) return false
      const end = scanner.to
      if (!this.#member(row, node, key)) return false
      next = skipSpace(text, end)
      const code = text.charCodeAt(next)
      if (code === 125) return true
      if (code !== 44) return scanner.fail(next >= text.length ? JSON_FAULT.array : JSON_FAULT.object)
      next = skipSpace(text, next + 1)
      if (next >= text.length) return scanner.fail(JSON_FAULT.array)
    }
  }

  #member(row: Row, node: NameNode, key: string): boolean {
    const scanner = this.#scanner
    const { kind } = scanner
    if (kind === 'array' || kind === 'null') return true
    const inner = this.#inner(node, key)
    if (kind !== 'object') {
      row.addParsed(inner.name, scanner.valueText())
      return true
    }
    if (!scanner.enter()) return scanner.fail(JSON_FAULT.malformed)
    const isRead = this.#object(row, scanner.from, inner)
    scanner.depth--
    return isRead
  }

  #inner(node: NameNode, key: string): NameNode {
    const known = node.inner.get(key)
    if (known !== undefined) return known
    const made: NameNode = { name: appendName(node.name, unescapeJson(key)), inner: new Map() }
    node.inner.set(key, made)
    this.#names++
    return made
  }
}

/** Each label is read from a path of its own; paths that lead nowhere make empty labels. */
export function jsonPathStep(extractions: readonly Extraction[], options: StepOptions): RowStep {
  const paths = extractions.map(({ path }) => parseJsonPath(path))
  if (options.needsNoLabels) return () => true
  const scanner = new JsonScanner()
  return (row) => {
    if (row.line === '') return true
    scanner.reset(row.line)
    const at = skipSpace(row.line, 0)
    if (row.line[at] !== '{' && row.line[at] !== '[') {
      row.fail(JSON_ERROR, '', options.preservesErrors)
      return true
    }
    for (let i = 0; i < paths.length; i++) {
      const { name } = extractions[i] as Extraction
      const isFound = follow(scanner, at, paths[i] as readonly (string | number)[])
      if (isFound) row.addParsed(name, scanner.valueText())
      else if (row.get(name) === undefined) row.addParsed(name, '')
    }
    return true
  }
}

/** Goes from the value at `at` to the one that the path names; of members with the same name to the first. */
function follow(scanner: JsonScanner, at: number, path: readonly (string | number)[]): boolean {
  if (path.length === 0 || !scanner.readValue(at)) return false
  for (const step of path) {
    const isFound = typeof step === 'number' ? toElement(scanner, step) : toMember(scanner, step)
    if (!isFound) return false
  }
  return true
}

function toElement(scanner: JsonScanner, index: number): boolean {
  if (scanner.kind !== 'array') return false
  const { text } = scanner
  let at = skipSpace(text, scanner.from + 1)
  if (text[at] === ']') return false
  for (let i = 0; scanner.readValue(at); i++) {
    if (i === index) return true
    at = skipSpace(text, scanner.to)
    if (text[at] !== ',') return false
    at++
  }
  return false
}

function toMember(scanner: JsonScanner, name: string): boolean {
  if (scanner.kind !== 'object') return false
  const { text } = scanner
  let at = skipSpace(text, scanner.from + 1)
  while (text[at] === '"') {
    const keyEnd = stringEnd(text, at)
    if (keyEnd < 0) return false
    const key = text.slice(at + 1, keyEnd - 1)
    const colon = skipSpace(text, keyEnd)
    if (text[colon] !== ':' || !scanner.readValue(colon + 1)) return false
    if (key === name || (key.includes('\\') && unescapeJson(key) === name)) return true
    at = skipSpace(text, scanner.to)
    if (text[at] !== ',') return false
    at = skipSpace(text, at + 1)
  }
  return false
}
