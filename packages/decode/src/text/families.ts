import { foreign, type MetricBatch, type MetricType } from '@vantage/model'
import { HELP_BYTES_MAX, METADATA_MAX_PER_REQUEST } from '../limits.ts'
import { QUOTE } from './characters.ts'
import { CreatedTimes } from './created.ts'
import { HistogramCheck, labelNumber, mayHaveExemplar, ownLabel, SUFFIXES, valueProblem } from './family-rules.ts'
import { unescaped } from './labels.ts'
import type { SampleLine } from './sample-line.ts'

export type MetadataKind = 'HELP' | 'TYPE' | 'UNIT'

/** Code points of an exemplar's label names and values together. Source: OpenMetrics 1.0 "Exemplars". */
const EXEMPLAR_CODE_POINTS_MAX = 128

/** Families of one strict body: their names are kept to find clashes. */
const FAMILIES_MAX = 262_144

/** The metadata of the family that is open, passed on when the next one opens. */
class Family {
  name = ''
  isOpen = false
  type: MetricType | undefined
  help: string | undefined
  unit: string | undefined

  open(name: string): void {
    this.name = name
    this.isOpen = true
    this.type = undefined
    this.help = undefined
    this.unit = undefined
  }

  set(kind: MetadataKind, text: string): void {
    if (kind === 'HELP') this.help = text
    else if (kind === 'UNIT') this.unit = text
    else this.type = text as MetricType
  }

  passOn(batch: MetricBatch): void {
    if (this.type === undefined && this.help === undefined && this.unit === undefined) return
    if (batch.metadata.length >= METADATA_MAX_PER_REQUEST) return
    const { name: metric, type = 'unknown', help = '', unit = '' } = this
    batch.metadata.push({
      metric,
      type,
      unit,
      help: help.length > HELP_BYTES_MAX ? help.slice(0, HELP_BYTES_MAX) : help,
    })
  }
}

/** What the decoder tells of a body, line by line. All answers are '' or what is wrong. */
export interface Families {
  start(bytes: Uint8Array, batch: MetricBatch): void
  metadata(kind: MetadataKind, name: string, text: string): string
  sample(line: SampleLine): string
  finish(): string
}

/** 0.0.4: metadata is gathered, nothing is demanded of the order or the values. */
export class LooseFamilies implements Families {
  readonly #family = new Family()
  #batch: MetricBatch | undefined

  start(_bytes: Uint8Array, batch: MetricBatch): void {
    this.#batch = batch
    this.#family.isOpen = false
  }

  metadata(kind: MetadataKind, name: string, text: string): string {
    if (!this.#family.isOpen || this.#family.name !== name) {
      this.finish()
      this.#family.open(name)
    }
    this.#family.set(kind, text)
    return ''
  }

  sample(): string {
    return ''
  }

  finish(): string {
    if (this.#batch !== undefined && this.#family.isOpen) this.#family.passOn(this.#batch)
    this.#family.isOpen = false
    return ''
  }
}

/**
 * OpenMetrics 1.0: families are whole and once, metadata comes first, groups (the samples of one label set) do not
 * interleave, times do not go back, values fit their type. Group keys are the label bytes as sent, so two spellings
 * of one label set count as two groups.
 */
export class StrictFamilies implements Families {
  readonly #family = new Family()
  readonly #taken = new Set<string>()
  readonly #groups = new Set<string>()
  readonly #histogram = new HistogramCheck()
  readonly #created = new CreatedTimes()
  #batch: MetricBatch | undefined
  #bytes: Uint8Array = new Uint8Array(0)
  /** The same bytes, for texts of a range. */
  #view: Buffer = Buffer.alloc(0)
  #nameBytes: Uint8Array = new Uint8Array(0)
  #hasSamples = false
  #group: string | undefined
  #groupTime = Number.NaN
  #suffix = ''

  start(bytes: Uint8Array, batch: MetricBatch): void {
    this.#bytes = bytes
    this.#view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#batch = batch
    this.#family.isOpen = false
    this.#created.reset()
    this.#taken.clear()
    this.#groups.clear()
  }

  metadata(kind: MetadataKind, name: string, text: string): string {
    let problem = ''
    if (!this.#family.isOpen || this.#family.name !== name) problem = this.#open(name)
    const family = this.#family
    if (problem !== '') return problem
    if (this.#hasSamples) return `want the metadata of ${quoted(name)} before its samples`
    const isRepeated =
      (kind === 'HELP' && family.help !== undefined) ||
      (kind === 'UNIT' && family.unit !== undefined) ||
      (kind === 'TYPE' && family.type !== undefined)
    if (isRepeated) return `want ${kind} of ${quoted(name)} once`
    family.set(kind, text)
    return ''
  }

  sample(line: SampleLine): string {
    const problem = this.#belongs(line) ? '' : this.#open(unescaped(this.#bytes, line.nameFrom, line.nameTo))
    if (problem !== '') return problem
    this.#hasSamples = true
    return this.#checkSample(line, this.#family.type ?? 'unknown')
  }

  finish(): string {
    const problem = this.#close()
    this.#taken.clear()
    this.#groups.clear()
    return problem
  }

  #open(name: string): string {
    const problem = this.#close()
    this.#family.open(name)
    this.#nameBytes = Buffer.from(name)
    this.#hasSamples = false
    this.#group = undefined
    this.#suffix = ''
    return problem
  }

  #close(): string {
    const family = this.#family
    if (!family.isOpen) return ''
    family.isOpen = false
    const type = family.type ?? 'unknown'
    const problem = this.#closeGroup(type)
    this.#groups.clear()
    if (problem !== '') return problem
    const { name, unit = '' } = family
    if (unit !== '' && !name.endsWith(`_${unit}`)) return `want the name ${quoted(name)} to end in its unit`
    if (unit !== '' && (type === 'info' || type === 'stateset')) return `want no unit for ${type} ${quoted(name)}`
    if (this.#batch !== undefined) family.passOn(this.#batch)
    return this.#take(name, type)
  }

  /** Names belong to one family each. */
  #take(name: string, type: MetricType): string {
    if (this.#taken.size >= FAMILIES_MAX) return `want at most ${FAMILIES_MAX} families`
    const isBare = SUFFIXES[type].includes('')
    for (const suffix of isBare ? SUFFIXES[type] : ['', ...SUFFIXES[type]]) {
      if (this.#taken.has(name + suffix)) return `want names that do not clash, got ${quoted(name + suffix)} again`
    }
    for (const suffix of isBare ? SUFFIXES[type] : ['', ...SUFFIXES[type]]) this.#taken.add(name + suffix)
    return ''
  }

  /** True where the sample's name is the family's with one of its suffixes; remembers which. */
  #belongs({ nameFrom, nameTo }: SampleLine): boolean {
    const name = this.#nameBytes
    if (!this.#family.isOpen || nameTo - nameFrom < name.length) return false
    for (let i = 0; i < name.length; i++) if (this.#bytes[nameFrom + i] !== name[i]) return false
    const suffixes = SUFFIXES[this.#family.type ?? 'unknown']
    for (let i = 0; i < suffixes.length; i++) {
      const suffix = suffixes[i] as string
      if (!this.#isText(nameFrom + name.length, nameTo, suffix)) continue
      this.#suffix = suffix
      return true
    }
    return false
  }

  #isText(from: number, to: number, text: string): boolean {
    if (to - from !== text.length) return false
    for (let i = 0; i < text.length; i++) if (this.#bytes[from + i] !== text.charCodeAt(i)) return false
    return true
  }

  #checkSample(line: SampleLine, type: MetricType): string {
    const suffix = this.#suffix
    const value = line.value[0] as number
    const own = this.#ownLabelOf(line, ownLabel(type, this.#family.name, suffix))
    let bound = Number.NaN
    if (own === -2) return `want the label ${ownLabel(type, this.#family.name, suffix)} for ${type}`
    if (own >= 0 && type !== 'stateset') {
      bound = labelNumber(this.#bytes, line, own)
      if (type === 'summary' && !(bound >= 0 && bound <= 1)) return 'want a quantile from 0 to 1'
      if (Number.isNaN(bound)) return 'want a number as le'
    }
    const problem = valueProblem(type, suffix, value) || this.#enterGroup(line, own, type)
    if (problem !== '') return problem
    if (line.hasExemplar) {
      if (!mayHaveExemplar(type, suffix)) return `want no exemplar on ${type} ${quoted(this.#family.name + suffix)}`
      if (this.#exemplarLength(line) > EXEMPLAR_CODE_POINTS_MAX) {
        return `want exemplar labels of at most ${EXEMPLAR_CODE_POINTS_MAX} characters`
      }
    }
    if (this.#batch !== undefined) this.#created.add(this.#batch, type, suffix, value)
    const isHistogram = type === 'histogram' || type === 'gaugehistogram'
    return isHistogram ? this.#histogram.add(suffix, bound, value) : ''
  }

  /** @returns the label's place, −1 where none is wanted, −2 where it is missing */
  #ownLabelOf(line: SampleLine, name: string): number {
    if (name === '') return -1
    const { count, nameFrom, nameTo } = line.labels
    for (let i = 0; i < count; i++) if (this.#isText(nameFrom[i] as number, nameTo[i] as number, name)) return i
    return -2
  }

  #enterGroup(line: SampleLine, own: number, type: MetricType): string {
    // Infos are told apart by all their labels: every one of them belongs to the same group.
    const key = type === 'info' ? '' : this.#groupKey(line, own)
    const time = line.time[0] as number
    if (key !== this.#group) {
      const problem = this.#closeGroup(type)
      if (problem !== '') return problem
      if (this.#groups.has(key)) return 'want the samples of one label set together'
      this.#groups.add(key)
      this.#group = key
      this.#groupTime = time
      return ''
    }
    const isTimed = !Number.isNaN(time)
    if (isTimed === Number.isNaN(this.#groupTime)) return 'want a timestamp on all samples of a group or on none'
    if (isTimed && time < this.#groupTime && type !== 'info') return 'want timestamps that do not go back'
    if (isTimed && time !== this.#groupTime) {
      const problem = this.#histogram.finish(type)
      this.#histogram.reset()
      if (problem !== '') return problem
    }
    this.#groupTime = time
    return ''
  }

  #closeGroup(type: MetricType): string {
    const isHistogram = type === 'histogram' || type === 'gaugehistogram'
    const problem = isHistogram && this.#group !== undefined ? this.#histogram.finish(type) : ''
    this.#histogram.reset()
    if (this.#batch !== undefined) this.#created.close(this.#batch)
    this.#group = undefined
    return problem
  }

  /** The label bytes but for the own label, which is cut out where it stands; one byte is one character. */
  #groupKey(line: SampleLine, own: number): string {
    const { count, valueTo } = line.labels
    if (count === 0 || (count === 1 && own === 0)) return ''
    const from = this.#labelFrom(line, 0)
    const to = valueTo[count - 1] as number
    if (own < 0) return this.#view.toString('latin1', from, to)
    const head = own === 0 ? '' : this.#view.toString('latin1', from, valueTo[own - 1] as number)
    const tail = own === count - 1 ? '' : this.#view.toString('latin1', this.#labelFrom(line, own + 1), to)
    return head !== '' && tail !== '' ? `${head}",${tail}` : head + tail
  }

  /** Where a label starts: at its name, or at the quote in front of it. */
  #labelFrom(line: SampleLine, label: number): number {
    const from = line.labels.nameFrom[label] as number
    return this.#bytes[from - 1] === QUOTE ? from - 1 : from
  }

  /** Code points of names and values: bytes that do not continue one. */
  #exemplarLength(line: SampleLine): number {
    const { count, nameFrom, nameTo, valueFrom, valueTo } = line.exemplarLabels
    let length = 0
    for (let i = 0; i < count; i++) {
      length += this.#codePoints(nameFrom[i] as number, nameTo[i] as number)
      length += this.#codePoints(valueFrom[i] as number, valueTo[i] as number)
    }
    return length
  }

  #codePoints(from: number, to: number): number {
    let count = 0
    for (let at = from; at < to; at++) if (((this.#bytes[at] as number) & 0xc0) !== 0x80) count++
    return count
  }
}

function quoted(text: string): string {
  return JSON.stringify(foreign(text))
}
