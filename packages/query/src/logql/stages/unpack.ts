import { JSON_FAULT, JsonScanner, skipSpace, stringEnd, unescapeJson } from './json-scan.ts'
import { LabelNames } from './label-name.ts'
import type { Row } from './row.ts'
import type { RowStep, StepOptions } from './stage.ts'

/** The member that holds the line as it was before it was packed. */
const ENTRY = '_entry'
const JSON_ERROR = 'JSONParserErr'

/** Takes apart what Promtail's `pack` put together: strings become labels, `_entry` the line. */
export function unpackStep(options: StepOptions): RowStep {
  const scanner = new JsonScanner()
  const names = new LabelNames()
  return (row) => {
    if (row.line === '') return true
    const fault = unpack(row, scanner, names)
    if (fault !== '') row.fail(JSON_ERROR, fault, options.preservesErrors)
    return true
  }
}

/** @returns what was wrong; labels are set only where an entry was found */
function unpack(row: Row, scanner: JsonScanner, names: LabelNames): string {
  const { line } = row
  scanner.reset(line)
  const start = skipSpace(line, 0)
  if (line[start] !== '{') return 'expecting json object(6), but it is not'
  const found: string[] = []
  let entry: string | undefined
  let at = skipSpace(line, start + 1)
  if (at >= line.length) return JSON_FAULT.malformed
  while (line[at] !== '}') {
    if (line[at] !== '"') return JSON_FAULT.object
    const keyEnd = stringEnd(line, at)
    const colon = keyEnd < 0 ? -1 : skipSpace(line, keyEnd)
    if (line[colon] !== ':') return JSON_FAULT.malformed
    if (!scanner.readValue(colon + 1)) return scanner.fault
    const key = unescapeJson(line.slice(at + 1, keyEnd - 1))
    if (scanner.kind === 'string' && key === ENTRY) entry = scanner.valueText()
    else if (scanner.kind === 'string') found.push(names.of(key), scanner.valueText())
    at = skipSpace(line, scanner.to)
    if (at < line.length && line[at] !== ',' && line[at] !== '}') return JSON_FAULT.object
    if (line[at] === ',') at = skipSpace(line, at + 1)
    if (at >= line.length) return JSON_FAULT.array
  }
  if (entry === undefined) return ''
  for (let i = 0; i < found.length; i += 2) row.addParsed(found[i] as string, found[i + 1] as string)
  row.line = entry
  return ''
}
