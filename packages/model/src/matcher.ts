import { RE2JS, RE2JSException } from 're2js'
import { err, type Fault, fault, foreign, ok, type Result } from './fault.ts'

export type MatchOp = '=' | '!=' | '=~' | '!~'

/** One label matcher. An absent label has the value ''. Regular expressions are RE2 and anchored at both ends. */
export interface Matcher {
  readonly name: string
  readonly op: MatchOp
  readonly value: string
}

/** A matcher that is ready to test values. */
export interface CompiledMatcher {
  readonly matcher: Matcher
  /** Which values can match, so that an index may look instead of scan. */
  readonly shape: MatchShape
  matches(value: string): boolean
  /** True where an absent label (value '') matches. */
  readonly matchesEmpty: boolean
}

/** `none`: nothing is known, test each value. Shapes describe the positive pattern; `negated` flips it. */
export type MatchShape =
  | { readonly kind: 'equal'; readonly values: readonly string[]; readonly negated: boolean }
  | { readonly kind: 'prefix'; readonly prefix: string; readonly negated: boolean }
  | { readonly kind: 'contains'; readonly needle: string; readonly negated: boolean }
  | { readonly kind: 'any'; readonly negated: boolean }
  | { readonly kind: 'nonempty'; readonly negated: boolean }
  | { readonly kind: 'regex'; readonly negated: boolean }

const LITERAL_LIST_MAX_CHARS = 64 * 1024

/** Patterns that stay compiled, and the longest of them: a dashboard asks with the same few again and again. */
const KEPT_MAX = 128
const KEPT_CHARS_MAX = 256

/** Oldest first. */
const kept = new Map<string, (value: string) => boolean>()

const META = /[\\^$.|?*+()[\]{}]/

/**
 * @param regexCharsMax bounds a pattern where it comes in from outside; literal lists (`a|b|c`) may be longer. Matchers
 *   that were parsed before have passed it.
 */
export function compileMatcher(matcher: Matcher, regexCharsMax = Number.POSITIVE_INFINITY): Result<CompiledMatcher> {
  const negated = matcher.op === '!=' || matcher.op === '!~'
  if (matcher.op === '=' || matcher.op === '!=') {
    return ok(finish(matcher, { kind: 'equal', values: [matcher.value], negated }, undefined))
  }
  const shape = shapeOf(matcher.value, negated)
  if (shape !== undefined) {
    return ok(finish(matcher, shape, undefined))
  }
  if (matcher.value.length > regexCharsMax) {
    return err(
      fault(
        'bad_request',
        `regular expression: want at most ${regexCharsMax} characters, got ${matcher.value.length}`,
        {
          limit: 'query.maxRegexBytes',
        },
      ),
    )
  }
  const compiled = compileRegex(matcher.value)
  if (!compiled.ok) return compiled
  return ok(finish(matcher, { kind: 'regex', negated }, compiled.value))
}

/** Compiles one pattern that must match a whole value. RE2 syntax, so no input can blow up. */
export function compileRegex(pattern: string): Result<(value: string) => boolean, Fault> {
  const known = kept.get(pattern)
  if (known !== undefined) return ok(known)
  try {
    const regex = RE2JS.compile(`^(?s:${pattern})$`)
    const matches = (value: string) => regex.test(value)
    if (pattern.length <= KEPT_CHARS_MAX) {
      if (kept.size === KEPT_MAX) kept.delete(kept.keys().next().value as string)
      kept.set(pattern, matches)
    }
    return ok(matches)
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error
    return err(fault('bad_request', `regular expression ${JSON.stringify(foreign(pattern))}: ${error.message}`))
  }
}

function finish(matcher: Matcher, shape: MatchShape, regex: ((value: string) => boolean) | undefined): CompiledMatcher {
  const positive = tester(shape, regex)
  const matches = shape.negated ? (value: string) => !positive(value) : positive
  return { matcher, shape, matches, matchesEmpty: matches('') }
}

function tester(shape: MatchShape, regex: ((value: string) => boolean) | undefined): (value: string) => boolean {
  switch (shape.kind) {
    case 'equal': {
      if (shape.values.length === 1) {
        const only = shape.values[0]
        return (value) => value === only
      }
      const set = new Set(shape.values)
      return (value) => set.has(value)
    }
    case 'prefix':
      return (value) => value.startsWith(shape.prefix)
    case 'contains':
      return (value) => value.includes(shape.needle)
    case 'any':
      return () => true
    case 'nonempty':
      return (value) => value !== ''
    case 'regex':
      return regex as (value: string) => boolean
  }
}

/** Fast path: patterns that need no automaton. Prometheus sets dot-matches-newline, so `.*` means anything. */
function shapeOf(pattern: string, negated: boolean): MatchShape | undefined {
  if (pattern === '.*') return { kind: 'any', negated }
  if (pattern === '.+') return { kind: 'nonempty', negated }
  if (!META.test(pattern)) return { kind: 'equal', values: [pattern], negated }
  const inner = pattern.startsWith('(') && pattern.endsWith(')') ? pattern.slice(1, -1) : pattern
  if (inner.length <= LITERAL_LIST_MAX_CHARS) {
    const parts = inner.split('|')
    if (parts.every((part) => !META.test(part))) return { kind: 'equal', values: parts, negated }
  }
  if (pattern.endsWith('.*')) {
    const head = pattern.slice(0, -2)
    if (!META.test(head)) return { kind: 'prefix', prefix: head, negated }
    if (head.startsWith('.*') && !META.test(head.slice(2))) return { kind: 'contains', needle: head.slice(2), negated }
  }
  return undefined
}
