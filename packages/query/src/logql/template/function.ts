import { compileSearch, type SearchPattern } from '@vantage/model'
import type { Row } from '../stages/row.ts'
import { TemplateError, type Value } from './value.ts'

/** What functions may ask besides their arguments. */
export interface TemplateContext {
  readonly row: Row
  readonly nowNs: bigint
  readonly patterns: PatternCache
}

export interface TemplateFunction {
  readonly min: number
  readonly max: number
  /** `args` are at least `min`, at most `max`. @throws TemplateError */
  readonly run: (args: readonly Value[], context: TemplateContext) => Value
}

export type FunctionTable = Readonly<Record<string, TemplateFunction>>

/** Characters of a pattern that a template may look for. */
const PATTERN_CHARS_MAX = 4096
const PATTERNS_MAX = 64

/** Patterns of one template: nearly always the same for all rows, but they may come from labels. */
export class PatternCache {
  readonly #patterns = new Map<string, SearchPattern>()

  /** @throws TemplateError */
  of(pattern: string): SearchPattern {
    const known = this.#patterns.get(pattern)
    if (known !== undefined) return known
    if (pattern.length > PATTERN_CHARS_MAX)
      throw new TemplateError(`pattern: want at most ${PATTERN_CHARS_MAX} characters`)
    const compiled = compileSearch(pattern)
    if (!compiled.ok) throw new TemplateError(compiled.error.message)
    if (this.#patterns.size >= PATTERNS_MAX) this.#patterns.clear()
    this.#patterns.set(pattern, compiled.value)
    return compiled.value
  }
}
