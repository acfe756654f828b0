import type { Labels } from '@vantage/model'
import { ROW_LABELS_MAX } from '../limits.ts'

/** Where a label of a row comes from. */
export const SOURCE = { stream: 0, metadata: 1, parsed: 2 } as const
export type Source = (typeof SOURCE)[keyof typeof SOURCE]

export const ERROR_LABEL = '__error__'
export const ERROR_DETAILS_LABEL = '__error_details__'
export const PRESERVE_ERROR_LABEL = '__preserve_error__'

const EXTRACTED_SUFFIX = '_extracted'

/**
 * The row that passes a pipeline, and its labels. One object is reused for all rows of a query: `reset` starts the next.
 * A name occurs once; sets are small, so they are searched in order.
 */
export class Row {
  line = ''
  timeNs = 0n
  /** What went wrong first; '' = nothing. It is the label `__error__`. */
  error = ''
  errorDetails = ''
  count = 0
  readonly names: string[] = []
  readonly values: string[] = []
  readonly sources: Source[] = []
  /** True where the labels are exactly those of the stream. */
  isPlain = true
  #stream: Labels = []
  readonly #wanted: ReadonlySet<string> | undefined

  /** @param wanted names that somebody looks at: what is parsed beyond them is left out; undefined = all */
  constructor(wanted?: ReadonlySet<string>) {
    this.#wanted = wanted
  }

  reset(stream: Labels): void {
    this.#stream = stream
    this.error = ''
    this.errorDetails = ''
    this.isPlain = true
    this.count = 0
    for (let i = 0; i < stream.length; i += 2) this.#push(stream[i] as string, stream[i + 1] as string, SOURCE.stream)
  }

  get stream(): Labels {
    return this.#stream
  }

  /** True where the stream has the label, even if the row has lost it. */
  streamHas(name: string): boolean {
    const stream = this.#stream
    for (let i = 0; i < stream.length; i += 2) if (stream[i] === name) return true
    return false
  }

  /** Undefined where the row has no such label. */
  get(name: string): string | undefined {
    if (name === ERROR_LABEL) return this.error === '' ? undefined : this.error
    if (name === ERROR_DETAILS_LABEL) return this.errorDetails === '' ? undefined : this.errorDetails
    const at = this.#find(name)
    return at < 0 ? undefined : (this.values[at] as string)
  }

  /** A label sent with the row; where the stream has the name, it gets a suffix. */
  addMetadata(name: string, value: string): void {
    if (name === ERROR_LABEL) this.error = value
    else if (name === ERROR_DETAILS_LABEL) this.errorDetails = value
    else this.set(SOURCE.metadata, this.streamHas(name) ? name + EXTRACTED_SUFFIX : name, value)
  }

  /**
   * A label read from the line. Stream labels and metadata keep their names, the newcomer gets a suffix; of several from
   * lines the first stays.
   */
  addParsed(name: string, value: string): void {
    if (this.#wanted !== undefined && !this.#wanted.has(name)) return
    let own = name
    let at = this.#find(name)
    if (this.streamHas(name) || (at >= 0 && this.sources[at] === SOURCE.metadata)) {
      own = name + EXTRACTED_SUFFIX
      at = this.#find(own)
    }
    if (at >= 0 && this.sources[at] === SOURCE.parsed) return
    if (this.count < ROW_LABELS_MAX) this.set(SOURCE.parsed, own, value)
  }

  /** Sets a label, whatever had the name before. */
  set(source: Source, name: string, value: string): void {
    this.isPlain = false
    const at = this.#find(name)
    if (at < 0) {
      this.#push(name, value, source)
      return
    }
    this.values[at] = value
    this.sources[at] = source
  }

  delete(name: string): void {
    if (name === ERROR_LABEL) this.error = ''
    else if (name === ERROR_DETAILS_LABEL) this.errorDetails = ''
    const at = this.#find(name)
    if (at >= 0) this.deleteAt(at)
  }

  /** Order is not kept. */
  deleteAt(at: number): void {
    this.isPlain = false
    const last = --this.count
    this.names[at] = this.names[last] as string
    this.values[at] = this.values[last] as string
    this.sources[at] = this.sources[last] as Source
  }

  /** The first error stays. */
  fail(error: string, details: string, isPreserved = false): void {
    this.error = error
    this.errorDetails = details
    if (isPreserved) this.set(SOURCE.parsed, PRESERVE_ERROR_LABEL, 'true')
  }

  /** Equal for rows with the same labels in the same order, errors included: cheaper than `labels`. */
  key(): string {
    let key = ''
    for (let i = 0; i < this.count; i++) {
      const name = this.names[i] as string
      const value = this.values[i] as string
      key += `${name.length}:${value.length}:${name}${value}`
    }
    return this.error === '' ? key : `${key}!${this.error.length}:${this.error}${this.errorDetails}`
  }

  /** All labels in the order of their names, errors included. */
  labels(): Labels {
    if (this.isPlain && this.error === '') return this.#stream
    const order: [string, string][] = []
    for (let i = 0; i < this.count; i++) order.push([this.names[i] as string, this.values[i] as string])
    if (this.error !== '') order.push([ERROR_LABEL, this.error])
    if (this.errorDetails !== '') order.push([ERROR_DETAILS_LABEL, this.errorDetails])
    return order.sort(byName).flat()
  }

  /** The labels of one source, by name. */
  labelsOf(source: Source): Labels {
    const order: [string, string][] = []
    for (let i = 0; i < this.count; i++) {
      if (this.sources[i] === source) order.push([this.names[i] as string, this.values[i] as string])
    }
    if (source === SOURCE.parsed && this.error !== '') order.push([ERROR_LABEL, this.error])
    if (source === SOURCE.parsed && this.errorDetails !== '') order.push([ERROR_DETAILS_LABEL, this.errorDetails])
    return order.sort(byName).flat()
  }

  #push(name: string, value: string, source: Source): void {
    const at = this.count++
    this.names[at] = name
    this.values[at] = value
    this.sources[at] = source
  }

  #find(name: string): number {
    const names = this.names
    for (let i = 0; i < this.count; i++) if (names[i] === name) return i
    return -1
  }
}

function byName(a: readonly [string, string], b: readonly [string, string]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0
}
