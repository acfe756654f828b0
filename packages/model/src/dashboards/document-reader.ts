import { foreign } from '../fault.ts'

export type Members = Readonly<Record<string, unknown>>

const NOTHING: Members = {}

/**
 * Reads members of parsed JSON and keeps the first problem; what cannot be read becomes a plain default, so that reading
 * goes on without a branch at every member. The caller looks at `problem` at the end.
 */
export class DocumentReader {
  problem: string | undefined

  /** Says what was wanted at a place. The first one counts: later ones may follow from it. */
  refuse(where: string, want: string, got: unknown): void {
    this.problem ??= `${where}: want ${want}, got ${shown(got)}`
  }

  /** An object with no other members than these. */
  members(value: unknown, where: string, names: readonly string[]): Members {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.refuse(where, 'an object', value)
      return NOTHING
    }
    const unknown = Object.keys(value).find((name) => !names.includes(name))
    if (unknown !== undefined) this.refuse(where, `no other members than ${names.join(', ')}`, unknown)
    return value as Members
  }

  /** A list; absent means empty. */
  list(value: unknown, where: string, countMax: number): readonly unknown[] {
    if (value === undefined) return []
    if (!Array.isArray(value)) {
      this.refuse(where, 'a list', value)
      return []
    }
    if (value.length > countMax) this.refuse(where, `at most ${countMax} entries`, value.length)
    return value.slice(0, countMax)
  }

  /** Text that says something. */
  text(value: unknown, where: string, charsMax: number): string {
    if (typeof value !== 'string' || value.trim() === '') {
      this.refuse(where, 'a text', value)
      return ''
    }
    return this.optionalText(value, where, charsMax)
  }

  /** Text; absent means ''. */
  optionalText(value: unknown, where: string, charsMax: number): string {
    if (value === undefined) return ''
    if (typeof value !== 'string') this.refuse(where, 'a text', value)
    else if (value.length > charsMax) this.refuse(where, `at most ${charsMax} characters`, value.length)
    else if (!value.isWellFormed()) this.refuse(where, 'Unicode text', 'half of a surrogate pair')
    else return value
    return ''
  }

  /** Text of a form, such as an id. */
  formed(value: unknown, where: string, form: RegExp, want: string): string {
    if (typeof value === 'string' && form.test(value)) return value
    this.refuse(where, want, value)
    return ''
  }

  whole(value: unknown, where: string, min: number, max: number): number {
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
    this.refuse(where, `a whole number from ${min} to ${max}`, value)
    return min
  }

  number(value: unknown, where: string): number {
    if (typeof value === 'number' && Number.isFinite(value)) return value
    this.refuse(where, 'a number', value)
    return 0
  }

  /** One of a list; absent means the first where that is allowed. */
  choice<T extends string>(value: unknown, where: string, options: readonly T[], fallback?: T): T {
    if (value === undefined && fallback !== undefined) return fallback
    const found = options.find((one) => one === value)
    if (found === undefined) this.refuse(where, `one of ${options.join(', ')}`, value)
    return found ?? (options[0] as T)
  }
}

/** A value from outside as a message repeats it: short, and told apart from text of ours. */
function shown(got: unknown): string {
  if (got === undefined) return 'none'
  if (typeof got === 'object' && got !== null) return Array.isArray(got) ? 'a list' : 'an object'
  return foreign(JSON.stringify(got))
}
