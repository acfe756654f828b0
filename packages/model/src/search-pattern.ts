import { RE2JS, RE2JSException } from 're2js'
import { AsciiSearch, type SearchProgram } from './ascii-search.ts'
import { err, fault, foreign, ok, type Result } from './fault.ts'

/** A regular expression that is looked for anywhere in a text. RE2 syntax, so no input can blow up. */
export interface SearchPattern {
  readonly text: string
  /** Of group i + 1; '' for groups without a name. */
  readonly groupNames: readonly string[]
  test(value: string): boolean
  /** The same of UTF-8 in bytes [from, to); undefined where only `test` can tell. */
  testBytes(bytes: Uint8Array, from: number, to: number): boolean | undefined
  /** The first match: [whole, group 1, …], '' for groups that did not take part; undefined without one. */
  find(value: string): string[] | undefined
  /** How often it occurs, without overlaps. */
  count(value: string): number
  /**
   * Replaces every match.
   * @param template `$1`, `$name`, `${name}` and `$$` as Go's Regexp.Expand reads them
   */
  replaceAll(value: string, template: string): string
  replaceAllLiteral(value: string, replacement: string): string
}

type Matcher = ReturnType<RE2JS['matcher']>

export function compileSearch(text: string): Result<SearchPattern> {
  try {
    return ok(searchPattern(text, RE2JS.compile(text)))
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error
    return err(fault('bad_request', `regular expression ${JSON.stringify(foreign(text))}: ${error.message}`))
  }
}

function searchPattern(text: string, regex: RE2JS): SearchPattern {
  const groupNames = new Array<string>(regex.groupCount()).fill('')
  for (const [name, index] of Object.entries(regex.namedGroups())) groupNames[index - 1] = name
  let ascii: AsciiSearch | undefined | null = null
  return {
    text,
    groupNames,
    test: (value) => regex.test(value),
    testBytes: (bytes, from, to) => {
      // Made when it is first asked for.
      if (ascii === null) ascii = AsciiSearch.of(regex.re2Input.prog as SearchProgram)
      return ascii?.test(bytes, from, to)
    },
    find: (value) => {
      const match = regex.matcher(value)
      if (!match.find()) return undefined
      return Array.from({ length: groupNames.length + 1 }, (_, i) => match.group(i) ?? '')
    },
    count: (value) => {
      const match = regex.matcher(value)
      let count = 0
      while (match.find()) count++
      return count
    },
    replaceAll: (value, template) => replaced(regex, value, (match) => expanded(template, match, groupNames)),
    replaceAllLiteral: (value, replacement) => replaced(regex, value, () => replacement),
  }
}

function replaced(regex: RE2JS, value: string, replacementOf: (match: Matcher) => string): string {
  const match = regex.matcher(value)
  let out = ''
  let at = 0
  while (match.find()) {
    out += value.slice(at, match.start()) + replacementOf(match)
    at = match.end()
  }
  return out + value.slice(at)
}

/** Groups that do not exist or did not take part are empty. */
function expanded(template: string, match: Matcher, groupNames: readonly string[]): string {
  return template.replaceAll(/\$(?:\$|(\w+)|\{(\w+)\})/g, (whole, bare?: string, braced?: string) => {
    if (whole === '$$') return '$'
    const name = bare ?? braced ?? ''
    const index = /^\d+$/.test(name) ? Number(name) : groupNames.indexOf(name) + 1
    if (index > groupNames.length || (index === 0 && name !== '0')) return ''
    return match.group(index) ?? ''
  })
}
