import { compileSearch, FaultError, fault, type SearchPattern } from '@vantage/model'
import type { LogqlLimits } from '../limits.ts'

/** @throws FaultError for a pattern that is no RE2, or a longer one than wanted */
export function compileBounded(pattern: string, limits: Pick<LogqlLimits, 'regexCharsMax'>): SearchPattern {
  const max = limits.regexCharsMax
  if (pattern.length > max) {
    const message = `regular expression: want at most ${max} characters, got ${pattern.length}`
    throw new FaultError(fault('bad_request', message, { reason: 'bad_data', limit: 'query.maxRegexBytes' }))
  }
  const compiled = compileSearch(pattern)
  if (!compiled.ok) throw new FaultError(compiled.error)
  return compiled.value
}

const META = /[\\^$.|?*+()[\]{}]/

/** The text that a pattern without operators stands for; undefined where it has any. `.*` around it says nothing. */
export function literalOf(pattern: string): string | undefined {
  let inner = pattern
  while (inner.startsWith('.*')) inner = inner.slice(2)
  // `a\.*`: the dot belongs to the backslash.
  while (inner.endsWith('.*') && !inner.endsWith('\\.*')) inner = inner.slice(0, -2)
  return META.test(inner) ? undefined : inner
}

/** Where the class that begins at `from` ends; undefined where it is not a plain one. */
function classEnd(pattern: string, from: number): number | undefined {
  // The first character may be a bracket that closes nothing.
  const end = pattern.indexOf(']', from + (pattern[from + 1] === '^' ? 3 : 2))
  return end < 0 || /[[\\\]]/.test(pattern.slice(from + 1, end)) ? undefined : end
}

/**
 * A text that every match holds, the longest that is easy to see; '' where none is. Knows characters that stand for
 * themselves; whatever else is met only ends a run, and alternatives and groups make it give up, as nested classes do.
 */
export function requiredLiteral(pattern: string): string {
  const whole = literalOf(pattern)
  if (whole !== undefined) return whole
  if (/[|()]/.test(pattern)) return ''
  let best = ''
  let run = ''
  for (let i = 0; i <= pattern.length; i++) {
    const char = pattern[i]
    const isPlain = char !== undefined && !META.test(char)
    if (isPlain) {
      run += char
      continue
    }
    // A character that may occur no time does not belong to the run.
    const last = String.fromCodePoint(run.codePointAt(run.length - 2) ?? 0).length === 2 ? 2 : 1
    if (char === '*' || char === '?' || char === '{') run = run.slice(0, -last)
    if (run.length > best.length) best = run
    run = ''
    if (char === '\\') i++
    if (char === '[') {
      const end = classEnd(pattern, i)
      if (end === undefined) return ''
      i = end
    }
    if (char === ']') return ''
  }
  // `\pL`, `\x41`, `\Q…\E`: what follows the backslash is no text of its own.
  return /\\[pPxQ0-7]/.test(pattern) || pattern.includes('{') ? '' : best
}
