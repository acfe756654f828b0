import { type CompiledMatcher, compileMatcher, type Fault, type Result } from '@vantage/model'

/** A regular expression as TraceQL has them: RE2, anchored at both ends. */
export function compileRegex(pattern: string, charsMax: number): Result<CompiledMatcher, Fault> {
  return compileMatcher({ name: '', op: '=~', value: pattern }, charsMax)
}
