import type { QueryBudget } from '@vantage/model'
import { plainText } from '../../traceql/evaluate/value-text.ts'
import type { Value } from '../../traceql/value.ts'
import { DIFFERENCE_LIMITS } from './limits.ts'
import { UnitSet } from './unit-set.ts'

/** On which side a unit stands; `none`: it is of neither. */
export const SIDE = { none: 0, baseline: 1, selection: 2 } as const
export type Side = (typeof SIDE)[keyof typeof SIDE]

/** Units of each side that have a value, or a number within a range. */
export interface Candidate {
  readonly attribute: string
  /** As people read it; of a range '' */
  readonly value: string
  /** [from, to), the last range with its end; undefined = one value. */
  readonly range: { readonly from: number; readonly to: number } | undefined
  readonly selected: number
  readonly baseline: number
  /** Equal for candidates that the same units have. */
  readonly signature: string
}

interface Attribute {
  readonly name: string
  readonly values: Map<string, { readonly text: string; readonly units: UnitSet }>
  readonly numbers: number[]
  readonly numberUnits: number[]
}

/** Counts in how many units, traces or rows, each value of each attribute occurs. */
export class DifferenceCounter {
  readonly #budget: QueryBudget
  readonly #attributes = new Map<string, Attribute>()
  readonly #sides: Side[] = []
  #entries = 0
  /** True where a limit of attributes or values left some out. */
  isCut = false

  constructor(budget: QueryBudget) {
    this.#budget = budget
  }

  get units(): number {
    return this.#sides.length
  }

  addUnit(side: Side): number {
    return this.#sides.push(side) - 1
  }

  setSide(unit: number, side: Side): void {
    this.#sides[unit] = side
  }

  unitsOf(side: Side): number {
    return this.#sides.reduce<number>((count, one) => (one === side ? count + 1 : count), 0)
  }

  add(unit: number, name: string, value: Value): void {
    const { kind } = value
    if (kind === 'map' || kind === 'array' || kind === 'bytes' || kind === 'empty') return
    const attribute = this.#attribute(name)
    if (attribute === undefined) return
    const text = plainText(value)
    if (text === '' || text.length > DIFFERENCE_LIMITS.valueCharsMax) return
    if (kind === 'int' || kind === 'double') this.#addNumber(attribute, unit, Number(value.value))
    const known = attribute.values.get(text)
    if (known !== undefined) {
      this.#charge(known.units.add(unit))
      return
    }
    if (attribute.values.size >= DIFFERENCE_LIMITS.valuesMax) this.#sweep(attribute)
    const isRoom = attribute.values.size < DIFFERENCE_LIMITS.valuesMax && this.#entries < DIFFERENCE_LIMITS.entriesMax
    if (!isRoom) {
      this.isCut = true
      return
    }
    this.#entries++
    this.#charge(ENTRY_BYTES + text.length)
    const units = new UnitSet()
    units.add(unit)
    attribute.values.set(text, { text, units })
  }

  /** Values that only one unit has make room: what is frequent stays, whenever it came. */
  #sweep({ values }: Attribute): void {
    this.isCut = true
    const before = values.size
    for (const [text, { units }] of values) if (units.isSingle) values.delete(text)
    this.#entries -= before - values.size
  }

  /** @returns what at least one selected unit has */
  candidates(): Candidate[] {
    const candidates: Candidate[] = []
    for (const attribute of this.#attributes.values()) {
      this.#budget.check()
      const isRanged = attribute.numbers.length > 0 && attribute.values.size > DIFFERENCE_LIMITS.distinctNumbersMax
      if (isRanged) candidates.push(...this.#ranges(attribute))
      else
        for (const { text, units } of attribute.values.values())
          candidates.push(this.#candidate(attribute.name, text, undefined, units))
    }
    return candidates.filter(({ selected }) => selected > 0)
  }

  /** Ranges that hold about the same number of the values that were seen. */
  #ranges({ name, numbers, numberUnits }: Attribute): Candidate[] {
    const sorted = Float64Array.from(numbers).sort()
    const edges = new Set<number>()
    const { binsMax } = DIFFERENCE_LIMITS
    for (let i = 0; i < binsMax; i++) edges.add(sorted[Math.floor((i * sorted.length) / binsMax)] as number)
    const from = [...edges]
    const sets = from.map(() => new UnitSet())
    numbers.forEach((value, i) => {
      let bin = from.length - 1
      while (bin > 0 && value < (from[bin] as number)) bin--
      this.#charge((sets[bin] as UnitSet).add(numberUnits[i] as number))
    })
    return sets.map((units, i) => {
      const range = { from: from[i] as number, to: from[i + 1] ?? (sorted.at(-1) as number) }
      return this.#candidate(name, '', range, units)
    })
  }

  #candidate(attribute: string, value: string, range: Candidate['range'], units: UnitSet): Candidate {
    let [selected, baseline, low, high] = [0, 0, 0, 0]
    units.forEach((unit) => {
      const side = this.#sides[unit]
      if (side === SIDE.none) return
      if (side === SIDE.selection) selected++
      else baseline++
      low = (low + Math.imul(unit + 1, 0x9e3779b1)) | 0
      high ^= Math.imul(unit + 1, 0x85ebca6b) ^ (unit << 7)
    })
    return { attribute, value, range, selected, baseline, signature: `${selected}:${baseline}:${low}:${high}` }
  }

  #addNumber({ numbers, numberUnits }: Attribute, unit: number, value: number): void {
    if (!Number.isFinite(value)) return
    if (numbers.length >= DIFFERENCE_LIMITS.numbersMax) {
      this.isCut = true
      return
    }
    numbers.push(value)
    numberUnits.push(unit)
    this.#charge(NUMBER_BYTES)
  }

  #attribute(name: string): Attribute | undefined {
    const known = this.#attributes.get(name)
    if (known !== undefined) return known
    if (this.#attributes.size >= DIFFERENCE_LIMITS.attributesMax) {
      this.isCut = true
      return undefined
    }
    const made: Attribute = { name, values: new Map(), numbers: [], numberUnits: [] }
    this.#attributes.set(name, made)
    return made
  }

  #charge(bytes: number): void {
    if (bytes > 0) this.#budget.chargeBytes(bytes)
  }
}

/** What an entry takes beside its text, and a number with its unit, about. */
const ENTRY_BYTES = 200
const NUMBER_BYTES = 16
