import { RE2JS, RE2JSException } from 're2js'
import { err, fault, foreign, ok, type Result } from './fault.ts'

/** A regular expression that must match a whole value and fills templates from what it caught. */
export interface Pattern {
  readonly text: string
  matches(value: string): boolean
  /** Fills each template from the match of `value`; undefined where it does not match. */
  expand(value: string, templates: readonly string[]): string[] | undefined
}

/** RE2 syntax, `.` matches newlines; `$1`, `$name`, `${name}` and `$$` in templates as Go's Regexp.Expand reads them. */
export function compilePattern(text: string): Result<Pattern> {
  try {
    const regex = RE2JS.compile(`^(?s:${text})$`)
    return ok({
      text,
      matches: (value) => regex.test(value),
      expand: (value, templates) => {
        const match = regex.matcher(value)
        return match.find() ? templates.map((template) => expandTemplate(template, match)) : undefined
      },
    })
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error
    return err(fault('bad_request', `regular expression ${JSON.stringify(foreign(text))}: ${error.message}`))
  }
}

type Match = ReturnType<RE2JS['matcher']>

function expandTemplate(template: string, match: Match): string {
  return template.replaceAll(/\$(?:\$|(\w+)|\{(\w+)\})/g, (whole, bare?: string, braced?: string) => {
    if (whole === '$$') return '$'
    return groupText(match, bare ?? braced ?? '')
  })
}

/** Groups that do not exist or did not take part are empty. */
function groupText(match: Match, name: string): string {
  if (/^\d+$/.test(name)) {
    const index = Number(name)
    return index <= match.groupCount() ? (match.group(index) ?? '') : ''
  }
  try {
    return match.group(name) ?? ''
  } catch (error) {
    if (error instanceof RE2JSException) return ''
    throw error
  }
}
